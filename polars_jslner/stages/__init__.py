"""The stages of the pipeline, each over flat arrays and none knowing another's module.

They are a package of their own because `polars_jslner.sentences` and
`polars_jslner.tokens` are functions: a submodule of that name would replace them.
"""
