//! How much of a model a decomposition stores.

use crate::decompose::LastLayers;
use crate::desk::models::model_card::ModelCard;
use crate::desk::stored::last_layers;

/// How many components are stored, and how wide their rows are together; `init` is as wide as the representation where it
/// holds earlier layers too.
pub(super) fn stored_size(card: &ModelCard, wanted: Option<usize>) -> (usize, usize) {
    let Some(count) = last_layers::fewer(card, wanted) else {
        return (card.components.len(), card.widths.iter().sum());
    };
    let is_kept = last_layers::is_kept(card, count);
    let components = card.components().into_iter().zip(&card.widths);
    let own = components.filter(|(component, _)| LastLayers::keeps(*component, &is_kept));
    own.fold((1, card.dim), |(parts, sum), (_, width)| {
        (parts + 1, sum + width)
    })
}
