"""What an order costs, what may come off it and under which terms: the rules of offers as pure functions."""
