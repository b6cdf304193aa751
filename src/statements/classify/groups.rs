//! The groups that images are judged in, for what a classifier gets right in one may be what it gets wrong in another.

use crate::analysis::Labels;
use crate::desk::images::labels::labels;
use crate::lang::query::Selection;
use crate::store::ImageSet;

/// Columns that say what spuriously goes with a class, the first there is: Waterbirds calls it `place`.
const SPURIOUS: [&str; 4] = ["background", "place", "environment", "group"];

/// A column of more values than this makes no groups.
const MOST: usize = 10;

/// What images are judged in: classes, or classes by the values of another column.
pub(super) struct Groups {
    /// `landbird, water`.
    pub names: Vec<String>,
    /// By image id.
    of_image: Vec<Option<usize>>,
    /// The other column.
    by: Option<String>,
}

impl Groups {
    /// Classes by the values of the column that says what goes with them spuriously, or else of the one named as the
    /// concept that components are chosen for.
    pub fn new<'s>(
        set: &ImageSet,
        column: &str,
        own: &Labels,
        chosen: impl Iterator<Item = &'s Selection>,
    ) -> Self {
        let columns = set.columns();
        let concepts: Vec<String> = chosen
            .flat_map(Selection::extremes)
            .map(|extreme| extreme.concept.label())
            .collect();
        let named = SPURIOUS
            .into_iter()
            .chain(concepts.iter().map(String::as_str));
        for by in named.filter(|by| columns.contains(by) && *by != column) {
            match labels(set.frame(), by) {
                Ok(other) if other.classes.len() <= MOST => {
                    return Self::crossed(set, own, by, &other);
                }
                _ => {}
            }
        }
        Self {
            names: own.classes.clone(),
            of_image: (0..set.len() as u32).map(|id| own.of(id)).collect(),
            by: None,
        }
    }

    fn crossed(set: &ImageSet, own: &Labels, by: &str, other: &Labels) -> Self {
        let count = other.classes.len();
        let of_image = (0..set.len() as u32).map(|id| Some(own.of(id)? * count + other.of(id)?));
        let names = own.classes.iter().flat_map(|class| {
            let values = other.classes.iter();
            values.map(move |value| format!("{class}, {value}"))
        });
        Self {
            names: names.collect(),
            of_image: of_image.collect(),
            by: Some(by.to_owned()),
        }
    }

    /// The group that an image is judged in.
    pub fn of(&self, id: u32) -> Option<usize> {
        self.of_image[id as usize]
    }

    /// Says what the groups of a classification by `column` are.
    pub fn note(&self, column: &str) -> String {
        match &self.by {
            Some(by) => {
                format!("groups: `{column}` by `{by}`; the mean over groups counts each the same")
            }
            None => format!("groups: the values of `{column}`"),
        }
    }
}
