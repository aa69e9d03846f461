// Preloaded into programs of the tests; nobody calls it.
