"""The stages of the pipeline, in the order of `pipeline`, handing on flat arrays.

They are a package of their own because `polars_jslner.sentences` and
`polars_jslner.tokens` are functions: a submodule of that name would replace them.
"""
