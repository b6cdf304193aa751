//! How both statements are asked: which set's decomposition and alignment the model maps images with.

use crate::lang::ast::Clause;
use crate::lang::catalog::ModelInfo;
use crate::lang::expect::Role;
use crate::lang::resolve::{Names, Resolved};
use crate::lang::span::Spanned;

/// The model, and the set on which it is aligned. The model runs on the images anyway, so that those that are mapped need
/// not be decomposed, and only the alignment that was fitted on some set is needed: that of the set `mapped` where it has
/// one, unless the statement says otherwise.
pub(super) fn model_and_set<'a>(
    said: &Clause,
    mapped: Option<&str>,
    names: &Names<'a>,
) -> Resolved<(Spanned<&'a ModelInfo>, String)> {
    let model = names.model(said.the(Role::Model))?;
    let (on, decomposed) = (said.said("on"), &model.value.decomposed_on);
    let set = match mapped {
        Some(set)
            if on.is_none()
                && (decomposed.is_empty() || decomposed.iter().any(|own| own == set)) =>
        {
            set.to_owned()
        }
        _ => names.set_for(model, on)?,
    };
    Ok((model, set))
}
