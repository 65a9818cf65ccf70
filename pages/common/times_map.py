"""The map."""


def draw(words, data, scope, asked, chosen): ...
