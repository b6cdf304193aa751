//! How much of a model a decomposition stores.

use crate::decompose::LastLayers;
use crate::desk::models::about::About;
use crate::desk::stored::last_layers;

/// How many components are stored, and how wide their rows are together; `init` is as wide as the representation where it
/// holds earlier layers too.
pub(super) fn stored_size(about: &About, wanted: Option<usize>) -> (usize, usize) {
    let Some(count) = last_layers::fewer(about, wanted) else {
        return (about.components.len(), about.widths.iter().sum());
    };
    let is_kept = last_layers::is_kept(about, count);
    let components = about.components().into_iter().zip(&about.widths);
    let own = components.filter(|(component, _)| LastLayers::keeps(*component, &is_kept));
    own.fold((1, about.dim), |(parts, sum), (_, width)| {
        (parts + 1, sum + width)
    })
}
