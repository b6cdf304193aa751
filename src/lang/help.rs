//! The help texts: one table, from which the `help` statement, its completion and its did-you-mean all read.

/// A help topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name: the first word of a statement, or a subject.
    pub name: &'static str,
    /// One line: what it is for.
    pub summary: &'static str,
    /// How it is written; capitals stand for names and values.
    pub form: &'static str,
    /// What else there is to know; may be empty.
    pub text: &'static str,
    /// Statements to try, one each.
    pub examples: &'static [&'static str],
}

/// The topic of this name, in any letter case.
#[must_use]
pub fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS
        .iter()
        .find(|topic| topic.name.eq_ignore_ascii_case(name))
}

const OPTIONS: &str =
    "Options: on SET, by SCORE, where CONDITION, limit N, seed N, template …, as paper.";

/// Every topic, statements first.
pub const TOPICS: &[Topic] = &[
    Topic {
        name: "rank",
        summary: "Which units of a model go with a concept?",
        form: "rank UNITS, … for CONCEPT, … in MODEL, … [via head L.H] [with stability] [OPTIONS]",
        text: OPTIONS,
        examples: &[
            "rank heads for texture in dinov2",
            "rank heads, mlps for texture in dinov2 on scenes where layer >= 4 limit 10",
            "rank components for \"a photo of the beach\" in swin by variance",
            "rank heads for texture in dinov2, deit, clip",
            "rank neurons 5.* for texture in dinov2 limit 20",
            "rank heads for texture in dinov2 via head 5.2",
            "rank heads for texture in dinov2 with stability",
        ],
    },
    Topic {
        name: "features",
        summary: "Which known features does a unit encode?",
        form: "features of UNITS in MODEL [via head L.H] [OPTIONS]",
        text: OPTIONS,
        examples: &[
            "features of head 5.2 in dinov2",
            "features of head 4.3 in dinov2 via head 5.2",
        ],
    },
    Topic {
        name: "spans",
        summary: "Which few texts span a unit's contributions? (TextSpan)",
        form: "spans of UNITS in MODEL [OPTIONS]",
        text: OPTIONS,
        examples: &["spans of head 5.2 in clip limit 10"],
    },
    Topic {
        name: "retrieve",
        summary: "Which images fit a text, or are like an image in one respect?",
        form: "retrieve [N] images for CONCEPT in MODEL [using SELECTION] [OPTIONS]\n\
               retrieve [N] images like IMAGE [by CONCEPT] in MODEL [using SELECTION] [OPTIONS]",
        text: "IMAGE is a file (\"probe.jpg\") or a row of a set (scenes[17]).",
        examples: &[
            "retrieve 8 images for \"a striped fish\" in dinov2 using top 5 heads for texture",
            "retrieve 8 images like \"probe.jpg\" by color in swin",
            "retrieve 8 images for \"beach\" in dinov2 using best",
            "retrieve 8 images for \"fish\" in dinov2 | save \"fish.png\"",
        ],
    },
    Topic {
        name: "heatmap",
        summary: "Where in an image is a concept?",
        form: "heatmap of IMAGE for CONCEPT, … in MODEL [using SELECTION] [without SELECTION] [per head] [OPTIONS]",
        text: "IMAGE is a file (\"probe.jpg\") or a row of a set (scenes[17]). A row per patch of what the model sees, and what the \
               chosen units (all heads, unless you say) take from it along the concept: signed, and summing to what they \
               contribute. `per head`: a map for each of them.",
        examples: &[
            "heatmap of \"probe.jpg\" for \"bird\" in dinov2 using top 3 heads for animal",
            "heatmap of scenes[17] for \"striped\", \"beach\" in maxvit",
            "heatmap of scenes[17] for \"beach\" in dinov2 using top 3 heads for location per head",
        ],
    },
    Topic {
        name: "segment",
        summary: "Zero-shot masks of a concept, scored where true masks are known.",
        form: "segment SET for CONCEPT in MODEL [using SELECTION] [without SELECTION] [OPTIONS]",
        text: "Masks as published: above 0, above the mean. A feature named like a column of the set means for each image the \
               text of the column's value. Where the set has masks: pixel accuracy, foreground IoU, two-class mIoU and \
               average precision of each image.",
        examples: &[
            "segment scenes for object in deit",
            "segment scenes for object in deit where split = \"eval\" limit 100",
        ],
    },
    Topic {
        name: "classify",
        summary: "How well are images classified by a column, and how much of that rests on some units?",
        form: "classify SET by COLUMN in MODEL [using SELECTION] [without SELECTION] [OPTIONS]",
        text: "By a linear head (a discriminant in closed form, fitted on the images of `split` fit or train) and by CLIP's \
               texts: a class's texts are those of the feature with the column's name that hold the class's name, or \
               those of the feature with the class's name, or the name itself. Accuracies over all images, by group, worst and mean; groups are the classes by the \
               column `background` (or `place`, `environment`, `group`), or else by the one named as the concept of \
               the selection. With `without`, before and after: what is left out is replaced by its mean over the \
               images fitted on; beside it as many random components.",
        examples: &[
            "classify birds by label in dinov2",
            "classify birds by label in dinov2 without top 10 heads for location over bird",
        ],
    },
    Topic {
        name: "ablate",
        summary: "What is lost without some of the units?",
        form: "ablate SELECTION [cumulatively] in MODEL [measuring accuracy|similarity|COLUMN] [with mean|zero|resample] [OPTIONS]",
        text: "Ablated contributions are replaced by their mean over images that are not judged, unless `with` says \
               otherwise; what later layers read from them stays (their direct effect). accuracy: for the column \
               `label` or `class`, or else the feature's column of most values, by a linear head and by CLIP's texts. \
               similarity: the cosine with the whole. COLUMN: what a probe fitted on the whole still reads. Beside it \
               as many random components.",
        examples: &[
            "ablate layers 5 to 0 cumulatively in deit measuring accuracy",
            "ablate random 5 heads seed 1 in deit measuring object with zero",
        ],
    },
    Topic {
        name: "compare",
        summary: "How alike are the rankings of models or concepts?",
        form: "compare UNITS, … for CONCEPT, … in MODEL, … [OPTIONS]",
        text: OPTIONS,
        examples: &["compare heads for texture in dinov2, deit"],
    },
    Topic {
        name: "evaluate",
        summary: "Holds answers against what is known about the images.",
        form: "evaluate ranking of UNITS|retrieval|heatmaps|ablation of UNITS [for CONCEPT, …] in MODEL [using SELECTION] [OPTIONS]",
        text: "The column with a feature's name says what is true. ranking: scores against cross-validated probes of every \
               unit's contribution (Spearman between and within units; one concept after `for`: unit by unit). \
               retrieval: precision among the first N (`limit N`) by the top 3 heads, against random ones. ablation: \
               what a probe still reads without the top units (`limit N`), the bottom ones, random ones.",
        examples: &[
            "evaluate ranking of heads in dinov2 on scenes",
            "evaluate ranking of heads for texture in dinov2",
            "evaluate retrieval in deit",
            "evaluate heatmaps for object in clip",
            "evaluate ablation of heads in deit limit 5",
        ],
    },
    Topic {
        name: "check",
        summary: "Do the contributions of a model sum to its representation?",
        form: "check MODEL [on SET]",
        text: "",
        examples: &["check dinov2", "check dinov2 on scenes"],
    },
    Topic {
        name: "add",
        summary: "Adds a model or a set of images.",
        form: "add model NAME from \"PATH or hub id\"\nadd images NAME from \"PATH\" [with \"LABELS.csv\"]",
        text: "Images come from a folder (labels by subfolder, or from the csv) or a parquet or arrow file.",
        examples: &[
            "add model dinov2 from \"facebook/dinov2-base\"",
            "add images birds from \"photos/\" with \"labels.csv\"",
        ],
    },
    Topic {
        name: "decompose",
        summary: "Computes and stores what every component contributes to every image's representation.",
        form: "decompose SET with MODEL, … [precision f16|f32] [forward bf16|f16|f32] [batch N] [layers last N]",
        text: "Interrupted at any moment, it goes on where it stopped when run again. `precision` is how rows are stored. `forward`\nis what linear layers multiply (sums are f32 always): bf16 is nearly twice as fast on a CPU with AVX-512 BF16, moves\nrepresentations by about half a per cent of their length, and every answer says so; f16 is for GPUs. `layers last N` stores\nthe components of the last N layers, and what comes before as one component, `init`.",
        examples: &[
            "decompose birds with dinov2, swin",
            "decompose birds with dinov2 precision f16 batch 16 layers last 5",
            "decompose birds with dinov2 forward bf16",
        ],
    },
    Topic {
        name: "align",
        summary: "Fits the maps from a model's components into a CLIP model's space.",
        form: "align MODEL to CLIP [on SET] [lambda X] [seed N]",
        text: "",
        examples: &["align dinov2 to clip on birds lambda 1"],
    },
    Topic {
        name: "sweep",
        summary: "Fits alignments over a range of lambda and shows the trade-off.",
        form: "sweep lambda FROM to TO [in MODEL] [to CLIP] [on SET] [seed N]",
        text: "",
        examples: &[
            "sweep lambda 0.01 to 10",
            "sweep lambda 0.01 to 10 in dinov2 to clip on birds",
        ],
    },
    Topic {
        name: "define",
        summary: "Defines a feature by texts, or lists the features.",
        form: "define NAME as \"TEXT\", …\ndefine",
        text: "",
        examples: &[
            "define texture as \"rough texture\", \"furry texture\"",
            "define",
        ],
    },
    Topic {
        name: "show",
        summary: "Lists models, image sets, features, results, settings, or a model's units.",
        form: "show models|images|features|results|settings|units in MODEL",
        text: "",
        examples: &[
            "show models",
            "show images",
            "show features",
            "show units in dinov2",
        ],
    },
    Topic {
        name: "describe",
        summary: "All there is to know about a model, image set, feature, result or unit.",
        form: "describe NAME\ndescribe UNIT in MODEL",
        text: "",
        examples: &["describe dinov2", "describe head 5.2 in dinov2"],
    },
    Topic {
        name: "contributions",
        summary: "The contribution vectors themselves, one row per image.",
        form: "contributions of UNITS in MODEL [aligned] [OPTIONS]",
        text: "With `aligned`, in CLIP's space.",
        examples: &[
            "contributions of heads 5.* in dinov2 on birds aligned | save \"heads.parquet\"",
        ],
    },
    Topic {
        name: "representation",
        summary: "The representation itself, one row per image.",
        form: "representation of MODEL [aligned] [OPTIONS]",
        text: "",
        examples: &["representation of dinov2 on birds | save \"z.parquet\""],
    },
    Topic {
        name: "drop",
        summary: "Deletes a stored decomposition.",
        form: "drop decomposition MODEL on SET",
        text: "",
        examples: &["drop decomposition dinov2 on birds"],
    },
    Topic {
        name: "from",
        summary: "Starts from an earlier answer; _ is always the last one.",
        form: "from NAME | …",
        text: "",
        examples: &["from best | group layer: mean score | save \"by-layer.parquet\""],
    },
    Topic {
        name: "sql",
        summary: "Runs SQL over answers, image sets and the units of models.",
        form: "sql \"select … from TABLE …\"",
        text: "TABLE is the name of an answer (`into NAME`; _ is the last one), of an image set (one row per image, its \
               metadata) or of a model (one row per unit); if two share a name, that order decides. Names with a `-` stand in \
               double quotes: sql 'select * from \"my-set\"'. The dialect is that of polars; rows of a `group by` come in no \
               order unless `order by` gives one. The answer can be piped on and kept like any other.",
        examples: &[
            "sql \"select layer, max(score) as best from _ group by layer order by layer\"",
            "sql \"select object, count(*) as images from scenes group by object order by images desc\" | take 3",
            "sql \"select b.unit, b.score, u.width from best b join dinov2 u on b.unit = u.unit\" into joined",
        ],
    },
    Topic {
        name: "explain",
        summary: "Shows what a statement would read, compute and cost, without running it.",
        form: "explain STATEMENT",
        text: "",
        examples: &["explain rank heads for texture in dinov2"],
    },
    Topic {
        name: "set",
        summary: "Changes a setting.",
        form: "set format auto|table|line|csv|tsv|json|ndjson|markdown|parquet|arrow\n\
               set images SET|none       the images of statements without `on`\n\
               set images off|on|auto|kitty|iterm|sixel|blocks|ascii       pictures in the terminal\n\
               set clip MODEL|none\nset score SCORE\nset limit N|none\nset seed N|none\n\
               set template default|none|\"… {} …\"\nset timer on|off\nset color auto|always|never\n\
               set rows N|all       the rows of a table on the terminal\n\
               set width N|auto       its columns\nset progress on|off\n\
               set pager on|off       answers taller than the screen go through $PAGER (at the prompt)",
        text: "`show settings` lists them.",
        examples: &["set format json", "set images off"],
    },
    Topic {
        name: "let",
        summary: "Sets a variable, to be used as $NAME wherever a name, number or text can stand.",
        form: "let NAME = VALUE",
        text: "",
        examples: &["let n = 5; rank heads for texture in dinov2 limit $n"],
    },
    Topic {
        name: "run",
        summary: "Runs the statements of a file.",
        form: "run \"FILE\"",
        text: "",
        examples: &["run \"script.vq\""],
    },
    Topic {
        name: "help",
        summary: "Help on a statement or subject.",
        form: "help [TOPIC]",
        text: "",
        examples: &["help", "help rank"],
    },
    Topic {
        name: "quit",
        summary: "Ends the session.",
        form: "quit",
        text: "",
        examples: &["quit"],
    },
    Topic {
        name: "exit",
        summary: "Ends the session, as `quit` does.",
        form: "exit",
        text: "",
        examples: &["exit"],
    },
    Topic {
        name: "units",
        summary: "The parts of a model that can be asked about.",
        form: "heads, mlps, convs, neurons, layers, tokens, init, bias, components (everything)\n\
               head 5.2, mlp 5, conv 3, layer 5, heads 5.*, heads 4.0 to 5.3, layers 5 to 0",
        text: "Layers count from the input, from 0; Swin and MaxViT number them straight through their stages.",
        examples: &[
            "rank heads 4.0 to 5.3, mlps for texture in swin",
            "show units in swin",
        ],
    },
    Topic {
        name: "concepts",
        summary: "What is asked about: a feature, a text, or a list of texts.",
        form: "texture        a feature by name\n\"texture\"      the feature if there is one, else the text\n\
               text \"texture\" the text itself\n(\"a\", \"b\")     several texts as one concept",
        text: "Every text goes through the prompt templates unless `template none` is given.",
        examples: &[
            "rank heads for text \"texture\" in dinov2",
            "rank heads for (\"sand\", \"sea\"), color in dinov2 template none",
        ],
    },
    Topic {
        name: "where",
        summary: "Conditions on columns of the units or of the images.",
        form: "COLUMN = VALUE (!= < <= > >=), COLUMN in (…), COLUMN like \"%…_\", COLUMN between A and B; not, and, or, (…)",
        text: "Columns of units: unit, kind, layer, head, stage, block, score. `like` ignores letter case.",
        examples: &[
            "rank heads for texture in dinov2 where layer between 2 and 4 and object = \"fish\"",
            "from _ | where score > 0.5 and not (layer in (0, 1) or unit like \"mlp%\")",
        ],
    },
    Topic {
        name: "selections",
        summary: "Which units are used, left out or ablated.",
        form: "UNITS, top N UNITS for CONCEPT [over CONCEPT], bottom N …, random N UNITS [seed K], or a ranked result;\n\
               joined with `and`, `except`",
        text: "",
        examples: &[
            "retrieve 8 images for \"fish\" in dinov2 using top 5 heads for texture and mlps except mlp 0",
        ],
    },
    Topic {
        name: "scores",
        summary: "How units are scored for a concept (`by SCORE`).",
        form: "correlation (default), variance, covariance, spearman, order-free",
        text: "correlation: with the total, along the concept's axes. variance: share of the unit's own variance \
               along the concept. covariance: share of the total's; all units' shares sum to 1. spearman: by ranks. \
               order-free: correlation in a basis that doesn't depend on the order of the texts.",
        examples: &["rank heads for texture in dinov2 by order-free"],
    },
    Topic {
        name: "pipes",
        summary: "What can be done with an answer.",
        form: "… | where CONDITION | sort COLUMN [desc], … | select COLUMN, … | take N\n\
               … | group COLUMN, …: mean COLUMN, count | save \"FILE\"\n… into NAME",
        text: "Summaries: mean, median, max, min, sum, std, count. The format of a saved file is its extension's; \
               png saves the images and coloured grids of the answer in place of its rows, without words.",
        examples: &[
            "rank heads for texture in dinov2 | where score > 0.5 | sort layer, score desc | select layer, head, score | take 5",
            "rank heads for texture in dinov2 into best",
        ],
    },
    Topic {
        name: "prompt",
        summary: "Keys and commands of the prompt.",
        form: "Tab completes, Up and Down find earlier queries with the same beginning, Ctrl-R searches them.\n\
               Enter runs a whole query and goes on with an unfinished one; Alt-Enter always begins a new line, an empty line always runs.\n\
               Ctrl-X Ctrl-E edits in $VISUAL or $EDITOR, Ctrl-C stops a query or clears the line, Ctrl-D leaves.",
        text: "Lines that begin with a dot are commands of the prompt itself, such as `.once \"answer.csv\"`; `.help` lists them. \
               Keys of vi, the banner, the history and more are configured: `vitscope config sample`.",
        examples: &["help prompt"],
    },
    Topic {
        name: "scripts",
        summary: "How statements follow one another.",
        form: "A statement ends at `;`, at a blank line, or where a line begins with a statement's first word.",
        text: "Words in any letter case; texts in \"…\" or '…'; names with odd characters in `…`; comments after # or --. `run` \
               looks for files beside the script; `vitscope --set n=5 FILE` gives it $n.",
        examples: &["show models; show images", "let n = 5; from _ | take $n"],
    },
];

#[cfg(test)]
mod tests {
    use super::super::expect::statement_keywords;
    use super::super::script::parse_script;
    use super::*;

    #[test]
    fn every_statement_has_help_and_every_example_parses() {
        for keyword in statement_keywords() {
            assert!(topic(keyword).is_some(), "no help on {keyword}");
        }
        for topic in TOPICS {
            assert!(!topic.examples.is_empty(), "{}", topic.name);
            for example in topic.examples {
                for statement in parse_script(example) {
                    assert!(statement.is_ok(), "{example}: {statement:?}");
                }
            }
        }
    }
}
