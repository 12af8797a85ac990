"""Selection methods: functions on arrays with a `numpy.random.Generator`, and inclusion probabilities."""
