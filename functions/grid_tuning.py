"""Support vector machines and online LDA on the grids of Snoek, Larochelle and Adams (2012).

Chen et al. (2016, section 4.4) took two tables of HPOlib (Eggensperger et al. 2013) that hold what
Spearmint's authors had measured on every cell of a grid. The grids are theirs; the data, and what
had to be changed for them, are not:

- `svm`: 25 x 14 x 4 = 1400 cells. Theirs was a latent structured machine that finds motifs in
  proteins, with C, an entropy's weight alpha and the solver's tolerance epsilon. Here it is
  scikit-learn's classifier with an RBF kernel, of gamma = alpha / D on D standardized inputs: so
  alpha, at their values, again says how smooth the machine is. The value is the share of wrong
  classes, cross-validated in three folds; theirs was the mean of five splits.
- `lda`: 6 x 6 x 8 = 288 cells. Hoffman, Blei and Bach (2010): the steps of online LDA are
  rho_t = (tau0 + t)^(-kappa), for batches of S documents. Theirs went once through 249,560
  articles of Wikipedia, with S = 1, 4, …, 16384; a corpus here has some hundred documents, and S is
  1, 2, …, 128. The value is the perplexity of documents that were held out.

`measure_cell` computes a cell, and needs scikit-learn. A suite stores the tables, so that a lookup
needs nothing.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from rnnbbo.errors import ConfigError
from rnnbbo.functions.libraries import library_object
from rnnbbo.functions.problem import FloatArray, Problem
from rnnbbo.functions.tuning_data import folds, labelled_data

GRIDS: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "svm": {
        "C": (
            *(0.1, 1, 5, 10, 25, 50, 75, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000),
            *(2000, 3000, 4000, 5000, 6000, 7000, 10_000, 1_000_000),
        ),
        "alpha": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.5, 2, 3, 5),
        "epsilon": (1e-4, 1e-3, 1e-2, 1e-1),
    },
    "lda": {
        "kappa": (0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
        "tau0": (1, 4, 16, 64, 256, 1024),
        "S": (1, 2, 4, 8, 16, 32, 64, 128),
    },
}
"""Model -> hyper-parameter -> its values in ascending order."""

TOPICS = 10

_HELD_OUT = 3  # one document in three
_DOCUMENTS = 90
_UPDATES = 10  # of a document's topics at most
_STEPS = 20_000  # of libsvm at most: classes that cannot be divided take it very long at C = 10^6


@dataclass(frozen=True, eq=False)
class OnGrid:
    """The table's value in the cell of the grid that a point of the unit cube lies in.

    Attributes:
        table: the values; an axis a hyper-parameter, cut into equal parts.
    """

    table: FloatArray

    def __call__(self, u: FloatArray) -> FloatArray:
        """Map `(..., dim)` to `(...)`."""
        shape = np.array(self.table.shape)
        index = np.minimum((u * shape).astype(int), shape - 1)
        values: FloatArray = self.table[tuple(np.moveaxis(index, -1, 0))]
        return values


def grid_problem(model: str, table: FloatArray, name: str) -> Problem:
    """Return a table as a problem on the unit cube, whose minima are the least cells' middles.

    Args:
        model: a key of `GRIDS`.
        table: its values, of the grid's shape.
        name: the problem's name.

    Raises:
        ConfigError: there is no such model, or the table has another shape.
    """
    shape = grid_shape(model)
    if table.shape != shape:
        raise ConfigError(f"table = one of shape {table.shape}; expected {shape}")
    middles = (np.argwhere(table == table.min()) + 0.5) / np.array(shape)
    return Problem(
        name,
        ((0.0, 1.0),) * len(shape),
        OnGrid(table),
        float(table.min()),
        tuple(tuple(x.tolist()) for x in middles),
    )


def grid_shape(model: str) -> tuple[int, ...]:
    """Return how many values each hyper-parameter has.

    Raises:
        ConfigError: there is no such model.
    """
    if model not in GRIDS:
        raise ConfigError(f"model = {model!r}; expected one of {', '.join(GRIDS)}")
    return tuple(len(values) for values in GRIDS[model].values())


def measure_cell(model: str, dataset: str, values: Mapping[str, float]) -> float:
    """Train a model and return its error (`svm`) or its perplexity (`lda`).

    Args:
        model: a key of `GRIDS`.
        dataset: for `svm` one of `tuning_data.SOURCES`; for `lda` one of `corpus`.
        values: those of the hyper-parameters.

    Raises:
        ConfigError: there is no such model or data set.
        MissingExtraError: scikit-learn is not installed.
    """
    grid_shape(model)
    return _svm_error(dataset, values) if model == "svm" else _perplexity(dataset, values)


def measure_table(model: str, dataset: str) -> FloatArray:
    """Return what `measure_cell` gives in all cells."""
    shape = grid_shape(model)
    names = GRIDS[model].keys()
    cells = product(*GRIDS[model].values())
    found = [measure_cell(model, dataset, dict(zip(names, cell, strict=True))) for cell in cells]
    return np.array(found).reshape(shape)


@lru_cache(maxsize=4)
def corpus(dataset: str) -> Any:
    """Return how often each word occurs in each document, `(documents, words)`.

    Args:
        dataset: `digits`, images as documents whose words are pixels, as often as they are bright;
            `descriptions`, the paragraphs of scikit-learn's descriptions of its data sets; or
            `drawn-SEED`, documents that its `make_multilabel_classification` draws from topics.

    Raises:
        ConfigError: there is no such corpus.
        MissingExtraError: scikit-learn is not installed.
    """
    name, _, seed = dataset.partition("-")
    if name == "digits" and not seed:
        images = library_object("sklearn.datasets:load_digits")(return_X_y=True)[0]
        return images[np.random.default_rng(0).permutation(len(images))[:_DOCUMENTS]]
    if name == "descriptions" and not seed:
        return _descriptions()
    if name == "drawn" and seed.isdecimal():
        draw = library_object("sklearn.datasets:make_multilabel_classification")
        size = {"n_samples": _DOCUMENTS, "n_features": 100, "n_classes": TOPICS, "length": 60}
        return draw(n_labels=2, random_state=int(seed), **size)[0]
    raise ConfigError(f"dataset = {dataset!r}; expected digits, descriptions or drawn-SEED")


def _descriptions() -> Any:
    from importlib.resources import files

    count = library_object("sklearn.feature_extraction.text:CountVectorizer")
    folder = files("sklearn.datasets.descr")
    texts = [folder / name for name in sorted(f.name for f in folder.iterdir())]
    paragraphs = [
        paragraph
        for text in texts
        if text.name.endswith(".rst")
        for paragraph in text.read_text(encoding="utf-8").split("\n\n")
        if len(paragraph.split()) >= 8
    ]
    order = np.random.default_rng(0).permutation(len(paragraphs))
    words = count(stop_words="english", min_df=3, token_pattern=r"[a-z]{3,}")
    return words.fit_transform([paragraphs[i] for i in order])


def _svm_error(dataset: str, values: Mapping[str, float]) -> float:
    from sklearn import config_context
    from sklearn.svm import SVC

    machine = SVC(C=values["C"], tol=values["epsilon"], kernel="precomputed", max_iter=_STEPS)
    wrong = []
    with warnings.catch_warnings(), config_context(skip_parameter_validation=True):
        warnings.simplefilter("ignore")  # of those that end before convergence
        for fold in _distances(dataset):
            machine.fit(np.exp(-values["alpha"] * fold.within), fold.y)
            found = machine.predict(np.exp(-values["alpha"] * fold.across))
            wrong.append(float(np.mean(found != fold.y_held)))
    return float(np.mean(wrong))


@dataclass(frozen=True, eq=False)
class _Fold:
    """A part of the data that is held out: squared distances over D, and classes."""

    within: FloatArray
    y: FloatArray
    across: FloatArray
    y_held: FloatArray


@lru_cache(maxsize=2)
def _distances(dataset: str) -> tuple[_Fold, ...]:
    """Return three folds, their inputs standardized by what is trained on."""
    x, y = labelled_data(dataset)
    made = []
    for train, test in folds(dataset, split=0):
        centre, spread = x[train].mean(0), x[train].std(0)
        z = (x - centre) / np.where(spread > 0, spread, 1.0)
        square = np.square(z[:, None] - z[None, train]).mean(-1)
        made.append(_Fold(square[train], y[train], square[test], y[test]))
    return tuple(made)


def _perplexity(dataset: str, values: Mapping[str, float]) -> float:
    counts = corpus(dataset)
    held = np.arange(counts.shape[0]) % _HELD_OUT == 0
    model = library_object("sklearn.decomposition:LatentDirichletAllocation")(
        TOPICS,
        learning_method="online",
        learning_decay=values["kappa"],
        learning_offset=values["tau0"],
        batch_size=int(values["S"]),
        max_iter=1,
        max_doc_update_iter=_UPDATES,
        total_samples=int((~held).sum()),
        random_state=0,
    )
    return float(model.fit(counts[~held]).perplexity(counts[held]))
