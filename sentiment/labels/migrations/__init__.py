"""How the tables of the label store came to be, step by step."""
