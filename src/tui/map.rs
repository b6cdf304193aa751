//! The unit map: layers by heads, one of them under the cursor, some of them marked, and the questions they lead to.

use std::collections::BTreeSet;

use crate::interface::answer::UnitGrid;

/// How many images a question from the map asks for.
const IMAGES: usize = 8;

/// The maps of an answer.
#[derive(Clone, Debug)]
pub struct UnitMap {
    /// One per model or concept.
    pub grids: Vec<UnitGrid>,
    /// The one that is shown.
    pub shown: usize,
    /// Row (layer) and column (head) under the cursor.
    pub at: (usize, usize),
    /// The marked units.
    pub marked: BTreeSet<(usize, usize)>,
    /// The first row and column on the screen.
    pub from: (usize, usize),
    /// Whether moving and marking ask `asked` again.
    pub follow: bool,
    /// The last question asked from the map.
    pub asked: Option<Ask>,
    /// Whether what is under the cursor, or marked, changed since.
    pub changed: bool,
}

/// A question about units of the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Images for the concept by the unit alone.
    Images,
    /// What is known of the unit.
    Describe,
    /// The unit's features.
    Features,
    /// What the model loses without the marked units.
    Ablate,
    /// Images for the concept by all but the marked units.
    Without,
    /// Images for the concept by the marked units.
    Using,
}

impl UnitMap {
    /// Maps with the cursor on the strongest unit of the first.
    #[must_use]
    pub fn new(grids: Vec<UnitGrid>) -> Option<Self> {
        let mut map = Self {
            at: (0, 0),
            shown: 0,
            marked: BTreeSet::new(),
            from: (0, 0),
            follow: false,
            asked: None,
            changed: false,
            grids,
        };
        map.grids.first()?;
        map.to_extreme(true);
        Some(map)
    }

    /// Takes over the marks and the questions of a map of the same model.
    pub fn inherit(&mut self, before: Self) {
        let same = self.subject().0 == before.subject().0
            && (self.grid().rows, self.grid().cols) == (before.grid().rows, before.grid().cols);
        if same {
            self.marked = before.marked;
            self.asked = before.asked;
            self.follow = before.follow;
        }
    }

    /// The map that is shown.
    #[must_use]
    pub fn grid(&self) -> &UnitGrid {
        &self.grids[self.shown]
    }

    /// The model whose units these are, and the concept they were scored for.
    #[must_use]
    pub fn subject(&self) -> (&str, Option<&str>) {
        let title = &self.grid().model;
        match title.split_once(" · ") {
            Some((model, concept)) => (model, Some(concept)),
            None => (title, None),
        }
    }

    /// The value of a unit; `None` where there is none.
    #[must_use]
    pub fn value(&self, (row, col): (usize, usize)) -> Option<f32> {
        let grid = self.grid();
        if row >= grid.rows || col >= grid.cols {
            return None;
        }
        let value = grid.values.get(row * grid.cols + col).copied().flatten();
        value.filter(|v| !v.is_nan())
    }

    /// The name of the unit under the cursor, as queries write it.
    #[must_use]
    pub fn unit(&self) -> String {
        unit(self.at)
    }

    /// Moves the cursor.
    pub fn step(&mut self, rows: isize, cols: isize) {
        let (last_row, last_col) = (self.grid().rows.max(1) - 1, self.grid().cols.max(1) - 1);
        self.go((
            self.at.0.saturating_add_signed(rows).min(last_row),
            self.at.1.saturating_add_signed(cols).min(last_col),
        ));
    }

    /// Puts the cursor on a unit.
    pub fn go(&mut self, at: (usize, usize)) {
        self.changed |= self.at != at && self.concerns_cursor();
        self.at = at;
    }

    /// Puts the cursor on the strongest or the weakest unit.
    pub fn to_extreme(&mut self, strongest: bool) {
        let grid = self.grid();
        let scored = (0..grid.rows * grid.cols)
            .map(|at| (at / grid.cols, at % grid.cols))
            .filter_map(|at| Some((self.value(at)?, at)));
        let found = if strongest {
            scored.max_by(|a, b| a.0.total_cmp(&b.0))
        } else {
            scored.min_by(|a, b| a.0.total_cmp(&b.0))
        };
        if let Some((_, at)) = found {
            self.go(at);
        }
    }

    /// Puts the cursor on the unit called `name`, if it is a head of this map.
    pub fn find(&mut self, name: &str) {
        let place = name
            .strip_prefix("head ")
            .and_then(|rest| rest.split_once('.'));
        let Some((row, col)) = place else {
            return;
        };
        if let (Ok(row), Ok(col)) = (row.parse(), col.parse())
            && self.value((row, col)).is_some()
        {
            self.at = (row, col);
        }
    }

    /// Marks the unit under the cursor, or takes the mark off.
    pub fn mark(&mut self) {
        if self.value(self.at).is_some() {
            if !self.marked.remove(&self.at) {
                self.marked.insert(self.at);
            }
            self.changed |= !self.concerns_cursor();
        }
    }

    /// Takes every mark off.
    pub fn unmark(&mut self) {
        self.marked.clear();
    }

    fn concerns_cursor(&self) -> bool {
        let about_marks = matches!(self.asked, Some(Ask::Ablate | Ask::Without | Ask::Using));
        !about_marks || self.marked.is_empty()
    }

    /// Shows the next map.
    pub fn next(&mut self) {
        self.shown = (self.shown + 1) % self.grids.len();
        self.step(0, 0);
        // A mark names a unit of one model.
        self.marked.clear();
    }

    /// The statement that asks; a sentence where the map lacks what it would say.
    ///
    /// # Errors
    /// When images are asked for on a map without a concept.
    pub fn statement(&self, ask: Ask) -> Result<String, String> {
        let (model, concept) = self.subject();
        let (here, marked) = (self.unit(), self.selection());
        let images = |by: &str| match concept {
            Some(concept) => Ok(format!(
                "retrieve {IMAGES} images for {} in {model} {by}",
                quoted(concept)
            )),
            None => Err(
                "this map is about no concept, so there is nothing to find images for".to_owned(),
            ),
        };
        match ask {
            Ask::Describe => Ok(format!("describe {here} in {model}")),
            Ask::Features => Ok(format!("features of {here} in {model}")),
            Ask::Ablate => Ok(format!("ablate {marked} in {model} measuring accuracy")),
            Ask::Images => images(&format!("using {here}")),
            Ask::Without => images(&format!("without {marked}")),
            Ask::Using => images(&format!("using {marked}")),
        }
    }

    /// The marked units, or the one under the cursor, as a selection.
    fn selection(&self) -> String {
        if self.marked.is_empty() {
            return self.unit();
        }
        let names: Vec<String> = self.marked.iter().map(|at| unit(*at)).collect();
        names.join(" and ")
    }

    /// Scrolls until the cursor is among `rows × cols` units.
    pub fn settle(&mut self, rows: usize, cols: usize) {
        let follow = |from: usize, at: usize, room: usize, all: usize| {
            let room = room.max(1);
            let from = from.min(at).max((at + 1).saturating_sub(room));
            from.min(all.saturating_sub(room))
        };
        self.from = (
            follow(self.from.0, self.at.0, rows, self.grid().rows),
            follow(self.from.1, self.at.1, cols, self.grid().cols),
        );
    }
}

fn unit((layer, head): (usize, usize)) -> String {
    format!("head {layer}.{head}")
}

/// A concept as queries write it: a name as it is, anything else in quotes.
fn quoted(concept: &str) -> String {
    let is_name = concept.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name || concept.starts_with('"') {
        concept.to_owned()
    } else {
        format!("\"{}\"", concept.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// A map of 2 layers by 3 heads for tests of what is drawn and done with one.
#[cfg(test)]
pub(super) fn sample() -> UnitGrid {
    UnitGrid {
        model: "vit · texture".into(),
        rows: 2,
        cols: 3,
        values: vec![Some(0.1), Some(-0.4), None, Some(0.2), Some(0.8), Some(0.0)],
        low: -0.8,
        high: 0.8,
        row_labels: vec!["0".into(), "1".into()],
        col_labels: vec!["0".into(), "1".into(), "2".into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_starts_on_the_strongest_unit_and_stays_on_the_map() {
        let mut map = UnitMap::new(vec![sample()]).unwrap();
        assert_eq!(map.unit(), "head 1.1");
        map.step(5, 5);
        assert_eq!(map.at, (1, 2));
        map.find("head 0.2");
        assert_eq!(map.at, (1, 2), "there is no such head");
        map.find("head 0.1");
        assert_eq!(map.at, (0, 1));
    }

    #[test]
    fn questions_name_the_marked_units_or_the_one_under_the_cursor() {
        let mut map = UnitMap::new(vec![sample()]).unwrap();
        let ask = |map: &UnitMap, ask| map.statement(ask).unwrap();
        assert_eq!(
            ask(&map, Ask::Ablate),
            "ablate head 1.1 in vit measuring accuracy"
        );
        map.mark();
        map.step(-1, 0);
        map.mark();
        assert_eq!(
            ask(&map, Ask::Without),
            "retrieve 8 images for texture in vit without head 0.1 and head 1.1"
        );
        assert_eq!(ask(&map, Ask::Describe), "describe head 0.1 in vit");
        map.grids[0].model = "vit · a \"red\" dog".into();
        assert!(ask(&map, Ask::Images).contains(r#"for "a \"red\" dog" in"#));
        map.grids[0].model = "vit".into();
        assert!(map.statement(Ask::Images).is_err());
    }

    #[test]
    fn following_reacts_to_what_the_question_is_about() {
        let mut map = UnitMap::new(vec![sample()]).unwrap();
        map.asked = Some(Ask::Ablate);
        map.changed = false;
        map.mark();
        assert!(std::mem::take(&mut map.changed));
        map.step(-1, 0);
        assert!(
            !map.changed,
            "an ablation of marked units does not depend on the cursor"
        );
    }
}
