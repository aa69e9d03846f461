// The Coordinator service.
