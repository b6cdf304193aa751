//! Evaluations that are about the units they name, and so refuse a selection.

use crate::desk::DeskError;
use crate::lang::ast::Clause;
use crate::lang::catalog::ModelInfo;
use crate::lang::resolve::{Names, Resolved};
use crate::lang::span::Spanned;

/// Whether a statement about a model and a set selects units with `using` or `without`.
pub(super) fn selects(
    said: &Clause,
    model: Spanned<&ModelInfo>,
    set: &str,
    names: &mut Names<'_>,
) -> Resolved<bool> {
    let using = names.selection(said, "using", model, set)?;
    let without = names.selection(said, "without", model, set)?;
    Ok(using.is_some() || without.is_some())
}

/// Refuses a selection where the statement names its units itself.
pub(super) fn refuse_selection(selects: bool) -> Result<(), DeskError> {
    match selects {
        true => Err(DeskError::refused(
            "this evaluation is about the units it names, and takes no selection",
            "leave out `using` and `without`",
        )),
        false => Ok(()),
    }
}
