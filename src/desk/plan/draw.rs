//! A plan as text: a line per step, drawn as a tree.

use std::fmt::{self, Display, Formatter};

use super::{Plan, Reading, Step, Work};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for step in &self.steps {
            step.draw(&mut lines, "", "");
        }
        f.write_str(&lines.join("\n"))
    }
}

impl Step {
    /// The step and those below it, one line each.
    fn draw(&self, lines: &mut Vec<String>, lead: &str, rest: &str) {
        lines.push(format!("{lead}{}", self.work));
        for (index, step) in self.from.iter().enumerate() {
            let last = index + 1 == self.from.len();
            let (branch, below) = if last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            step.draw(lines, &format!("{rest}{branch}"), &format!("{rest}{below}"));
        }
    }
}

impl Display for Work {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Says(words) => f.write_str(words),
            Self::Read(reading) => reading.fmt(f),
            Self::Texts {
                clip,
                texts,
                unknown: 0,
            } => write!(f, "embeddings of {texts} texts by {clip} (stored)"),
            Self::Texts {
                clip,
                texts,
                unknown,
            } => write!(
                f,
                "embeddings of {texts} texts by {clip} (compute: the text tower runs for {unknown} of them)"
            ),
            Self::Alignment {
                model,
                clip,
                stored,
            } => {
                let there = match stored {
                    true => "stored",
                    false => "missing: run `align` first",
                };
                write!(f, "alignment of {model} to {clip} ({there})")
            }
            Self::Moments { components, stored } => {
                let there = match stored {
                    true => "stored",
                    false => "compute: one pass, and they are kept",
                };
                write!(
                    f,
                    "moments of {} ({there})",
                    count_of(*components, "component")
                )
            }
            Self::Passes(words) => f.write_str(words),
        }
    }
}

impl Display for Reading {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "read: {}, {} of {} images of {}, {} of {} parts",
            self.what, self.images, self.images_of_set, self.set, self.parts, self.parts_of_all
        )?;
        match self.bytes {
            Some(bytes) => write!(f, ", {:.1} MB", bytes as f64 / 1e6),
            None => Ok(()),
        }
    }
}

/// `1 unit`, `3 units`.
pub fn count_of(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
