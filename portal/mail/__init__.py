"""Letters: asked for as rows (outbox), handed to a mail server by the worker (delivery), shown by the demo (sink)."""
