//! `explain`: the plan of another statement. It knows none: what it shows is what would be carried out.

use crate::desk::DeskError;
use crate::desk::Shelf;
use crate::desk::statement::Form;
use crate::lang::help::Topic;
use crate::statements::registry::{Act, Query};
use crate::work::cancel::Cancel;

/// How `explain` is listed; the grammar reads it, as it is said before any other statement.
pub const FORM: Form = Form {
    rule: "explain",
    help: &Topic {
        name: "explain",
        summary: "Shows what a statement would read, compute and cost, without running it.",
        form: "explain STATEMENT",
        text: "",
        examples: &["explain rank heads for texture in dinov2"],
        about_images: false,
    },
    read: |_, _| unreachable!("the grammar makes another node of `explain`"),
};

/// The plan of a query, as text.
///
/// # Errors
/// When what the query rests on is missing; [`DeskError::Cancelled`].
pub fn explain(query: Query, shelf: Shelf<'_>, cancel: &Cancel) -> Result<String, DeskError> {
    let plan = match query.act {
        Act::Do(task) => {
            let named = query.into.is_some();
            let prepared = task.prepare(shelf, &query.stages, named, cancel)?;
            prepared.plan.to_string()
        }
        Act::Explain(inner) => return explain(*inner, shelf, cancel),
    };
    let mut lines = vec![plan];
    lines.extend(query.stages.iter().map(|stage| format!("then {stage}")));
    Ok(lines.join("\n"))
}
