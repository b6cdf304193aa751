//! Pages of help: what one says, and those on what all statements share. A statement's own page stands beside it.

/// A page of help.
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
    /// Whether the conditions of the statement speak of images alone, and not of units.
    pub about_images: bool,
}

/// The options of questions, as their pages name them.
pub const OPTIONS: &str =
    "Options: on SET, by SCORE, where CONDITION, limit N, seed N, template …, as paper.";

/// The pages on what statements share.
pub const SUBJECTS: &[Topic] = &[
    Topic {
        name: "exit",
        summary: "Ends the session, as `quit` does.",
        form: "exit",
        text: "",
        examples: &["exit"],
        about_images: false,
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
        about_images: false,
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
        about_images: false,
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
        about_images: false,
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
        about_images: false,
    },
    Topic {
        name: "scores",
        summary: "How units are scored for a concept (`by SCORE`).",
        form: "correlation (default), variance, covariance, spearman, order-free",
        text: "correlation: with the total, along the concept's axes. variance: share of the unit's own variance \
               along the concept. covariance: share of the total's; all units' shares sum to 1. spearman: by ranks. \
               order-free: correlation in a basis that doesn't depend on the order of the texts.",
        examples: &["rank heads for texture in dinov2 by order-free"],
        about_images: false,
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
        about_images: false,
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
        about_images: false,
    },
    Topic {
        name: "scripts",
        summary: "How statements follow one another.",
        form: "A statement ends at `;`, at a blank line, or where a line begins with a statement's first word.",
        text: "Words in any letter case; texts in \"…\" or '…'; names with odd characters in `…`; comments after # or --. `run` \
               looks for files beside the script; `vitscope --set n=5 FILE` gives it $n.",
        examples: &["show models; show images", "let n = 5; from _ | take $n"],
        about_images: false,
    },
];
