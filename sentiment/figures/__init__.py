"""Tables and arrays become plotly figures: one look, the classes' own colours, a user's words always literal.

Show them with `st.plotly_chart(figure, theme="streamlit")`; see `sentiment.figures.theme`.
"""

from sentiment.figures.classes import plot_class_counts, plot_lengths
from sentiment.figures.confusion import plot_confusion
from sentiment.figures.crosstab import plot_cross
from sentiment.figures.curves import plot_coverage, plot_curves
from sentiment.figures.deltas import plot_deltas
from sentiment.figures.explain import plot_movers, plot_word_influence
from sentiment.figures.gap import plot_gap
from sentiment.figures.history import plot_history
from sentiment.figures.learning import plot_learning
from sentiment.figures.learning_by_class import plot_class_gains, plot_growth
from sentiment.figures.map import plot_map, plot_map_values
from sentiment.figures.reliability import plot_reliability
from sentiment.figures.report import plot_report
from sentiment.figures.slices import plot_slices
from sentiment.figures.theme import literal, template
from sentiment.figures.thresholds import plot_costs, plot_threshold
from sentiment.figures.words import plot_words

__all__ = [
    "literal",
    "plot_class_counts",
    "plot_class_gains",
    "plot_confusion",
    "plot_costs",
    "plot_coverage",
    "plot_cross",
    "plot_curves",
    "plot_deltas",
    "plot_gap",
    "plot_growth",
    "plot_history",
    "plot_learning",
    "plot_lengths",
    "plot_map",
    "plot_map_values",
    "plot_movers",
    "plot_reliability",
    "plot_report",
    "plot_slices",
    "plot_threshold",
    "plot_word_influence",
    "plot_words",
    "template",
]
