"""What letters of touchpoints say: blocks of facts, the author's words around them, and one layout for all."""
