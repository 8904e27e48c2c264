"""
The chapters of docs/learn: `python -m testing.learn` measures and writes them, `complaints` checks them.

A chapter is two pages of the same structure, `NN-slug.md` and `NN-slug.zh-CN.md`. In both, a command writes what
stands between these comments and `<!-- end -->`:

    <!-- code: path::Name -->     the source of a function, class, method (`Class.method`) or constant
    <!-- figure -->               the chapter's measurement, of `testing/learn/figures.py`

and the pictures `pictures/NN-slug.svg` and `NN-slug.zh-CN.svg` of the figure. `solutions/NN-a.diff` and `NN-b.diff`
solve the exercises; above each diff stand its answer and the tests that show it (`testing/learn/solutions.py`).
"""
