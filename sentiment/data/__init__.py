"""From a file to a checked table: reading, columns, labels, duplicates, languages, balance, splitting."""

from sentiment.data.balance import (
    count_classes,
    describe_balance,
    imbalance_ratio,
    length_histogram,
    length_table,
    measure_lengths,
)
from sentiment.data.columns import ColumnProposal, propose_columns
from sentiment.data.dataset import Dataset, DatasetInfo, build_dataset, import_file
from sentiment.data.duplicates import group_duplicates, normalise_texts
from sentiment.data.encodings import ENCODINGS
from sentiment.data.file_labels import FileLabels
from sentiment.data.label_names import LabelMapping, find_variants, propose_mapping
from sentiment.data.language import (
    UNDETERMINED,
    known_languages,
    language_code,
    language_name,
    length_unit,
    main_language,
)
from sentiment.data.limits import DEFAULT_LIMITS, Limits
from sentiment.data.overlay import Overlay, load_labeled, load_overlay, relabel, relabel_info, save_overlay
from sentiment.data.reading import Table, read_table
from sentiment.data.report import ImportReport
from sentiment.data.row_languages import count_languages, detect_language, identify_languages
from sentiment.data.sniffing import FileFormat, detect_format
from sentiment.data.splitting import Split, combine_groups, split_rows
from sentiment.data.storage import load_dataset, load_dataset_info, save_dataset
from sentiment.data.writing import defuse, write_bytes, write_table

__all__ = [
    "DEFAULT_LIMITS",
    "ENCODINGS",
    "UNDETERMINED",
    "ColumnProposal",
    "Dataset",
    "DatasetInfo",
    "FileFormat",
    "FileLabels",
    "ImportReport",
    "LabelMapping",
    "Limits",
    "Overlay",
    "Split",
    "Table",
    "build_dataset",
    "combine_groups",
    "count_classes",
    "count_languages",
    "defuse",
    "describe_balance",
    "detect_format",
    "detect_language",
    "find_variants",
    "group_duplicates",
    "identify_languages",
    "imbalance_ratio",
    "import_file",
    "known_languages",
    "language_code",
    "language_name",
    "length_histogram",
    "length_table",
    "length_unit",
    "load_dataset",
    "load_dataset_info",
    "load_labeled",
    "load_overlay",
    "main_language",
    "measure_lengths",
    "normalise_texts",
    "propose_columns",
    "propose_mapping",
    "read_table",
    "relabel",
    "relabel_info",
    "save_dataset",
    "save_overlay",
    "split_rows",
    "write_bytes",
    "write_table",
]
