//! `add images`: an image set from a folder or a table.

use super::{Desk, EngineError};
use crate::files::paths;
use crate::interface::answer::Answer;

/// How many unreadable images are named.
const NAMED: usize = 5;

impl Desk<'_> {
    /// Adds the images in `path` as the set `name`.
    pub(super) fn add_images(
        &mut self,
        name: &str,
        path: &str,
        labels: Option<&str>,
    ) -> Result<Answer, EngineError> {
        let report = self.store.add_images(
            name,
            &paths::expand(path),
            labels.map(paths::expand).as_deref(),
            self.cancel,
            self.progress,
        )?;
        let verb = if report.replaced { "replaced" } else { "added" };
        let columns = match report.columns.as_slice() {
            [] => "no columns".to_owned(),
            columns => format!("the columns {}", columns.join(", ")),
        };
        let mut notes = vec![format!(
            "{verb} {name}: {} images with {columns}",
            report.images
        )];
        notes.extend(report.notes);
        if !report.unreadable.is_empty() {
            let named = report.unreadable.iter().take(NAMED);
            let names: Vec<String> = named.map(|u| format!("{} ({})", u.image, u.why)).collect();
            let more = report.unreadable.len().saturating_sub(NAMED);
            let tail = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            notes.push(format!(
                "{} of them can't be read and will be skipped: {}{tail}",
                report.unreadable.len(),
                names.join("; ")
            ));
        }
        Ok(Answer {
            notes,
            ..Answer::default()
        })
    }
}
