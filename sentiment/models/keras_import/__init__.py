"""Networks that Keras made: their graph, the checks it passes, and the files that they are read from.

Keras itself is not needed, and nothing in a file is ever executed: `parsing` reads a configuration against the list
of layers in `layers`, `reading` has a process of its own read the weights, `importing` puts both together.
"""
