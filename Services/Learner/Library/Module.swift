// The Learner service.
