"""One box finds orders, certificates, customers and contacts: the words kept for it, the index, the questions."""
