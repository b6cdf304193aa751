//! Vectors as an answer: a table, or a file where they are too many for one.

use polars::prelude::DataFrame;

use super::asked::VectorsOf;
use super::parquet::save_parts;
use super::reading::Vectors;
use crate::desk::statement::Outcome;
use crate::desk::{Desk, DeskError};
use crate::interface::answer::Answer;

/// Bytes of a GiB.
const GIB: f64 = (1_u64 << 30) as f64;

/// The vectors, called so: `representation of dinov2`. Where they are more than an answer holds and only to be saved as
/// Parquet, they are written part by part.
///
/// # Errors
/// When rows can't be read, or the file can't be written; none is left then. When they are more than an answer holds.
pub(super) fn answer(
    what: &str,
    mut notes: Vec<String>,
    tickets: &VectorsOf,
    desk: &Desk<'_>,
) -> Result<Outcome, DeskError> {
    let vectors = Vectors::of(tickets, desk)?;
    let space = match &tickets.alignment {
        Some(_) => "in CLIP's space",
        None => "in the space of the representation",
    };
    let title = Some(format!("{what}, {space}"));
    let answer = |frame, notes| Answer {
        title,
        frame,
        notes,
        cached: true,
        ..Answer::default()
    };
    if vectors.bytes() <= desk.memory {
        return Ok(answer(whole(&vectors, desk)?, notes).into());
    }
    let Some(path) = &tickets.file else {
        return Err(too_large(&vectors, desk.memory));
    };
    let rows = save_parts(&vectors, path, desk)?;
    notes.push(format!(
        "saved {rows} rows to {}; too many vectors to show, they were written as they came",
        path.display()
    ));
    Ok(Outcome::Final(answer(DataFrame::default(), notes)))
}

/// All parts as one table.
fn whole(vectors: &Vectors<'_>, desk: &Desk<'_>) -> Result<DataFrame, DeskError> {
    let mut table: Option<DataFrame> = None;
    vectors.each_part(desk, &mut |part| {
        match &mut table {
            Some(table) => {
                table.vstack_mut(&part)?;
            }
            None => table = Some(part),
        }
        Ok(())
    })?;
    let mut frame = table.unwrap_or_default();
    frame.rechunk_mut();
    Ok(frame)
}

fn too_large(vectors: &Vectors<'_>, most: usize) -> DeskError {
    DeskError::refused(
        format!(
            "these vectors of {} images are {:.1} GiB, and an answer holds at most {} GiB of them",
            vectors.images(),
            vectors.bytes() as f64 / GIB,
            most as f64 / GIB
        ),
        "name fewer units or images, or save them as they come: end with `| save \"FILE.parquet\"`",
    )
}
