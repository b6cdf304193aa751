//! Where the panes are: a pure function of the window's size and of what has the focus.

use ratatui::layout::{Constraint, Layout, Rect};

/// The panes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pane {
    /// The query editor.
    #[default]
    Query,
    /// The results table.
    Results,
    /// The unit map.
    Map,
    /// The pictures.
    Pictures,
    /// The catalog.
    Catalog,
}

impl Pane {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Query,
        Self::Results,
        Self::Map,
        Self::Pictures,
        Self::Catalog,
    ];

    /// Its name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Results => "results",
            Self::Map => "map",
            Self::Pictures => "pictures",
            Self::Catalog => "catalog",
        }
    }

    /// The pane `steps` further.
    #[must_use]
    pub fn step(self, steps: usize) -> Self {
        let at = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        Self::ALL[(at + steps) % Self::ALL.len()]
    }
}

/// The least window in which anything can be done.
pub const LEAST: (u16, u16) = (30, 8);

/// Below this width panes are stacked …
const SIDE_BY_SIDE: u16 = 80;
/// … from this one on the catalog has a column of its own …
const WITH_CATALOG: u16 = 110;
const CATALOG_COLUMNS: u16 = 24;
/// … and below this size there is one pane, with tabs.
const SEVERAL: (u16, u16) = (60, 16);

/// What is where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The panes that are shown, with their borders.
    pub panes: Vec<(Pane, Rect)>,
    /// The names of the panes, where only one is shown.
    pub tabs: Option<Rect>,
    /// What was said last, and what is being done.
    pub message: Rect,
    /// The key hints.
    pub hints: Rect,
}

impl Places {
    /// The area of a pane; `None` where it is not shown.
    #[must_use]
    pub fn of(&self, pane: Pane) -> Option<Rect> {
        let found = self.panes.iter().find(|(shown, _)| *shown == pane);
        found.map(|(_, area)| *area)
    }

    /// What a pane has inside of its borders; empty where it is not shown.
    #[must_use]
    pub fn inside(&self, pane: Pane) -> Rect {
        let area = self.of(pane).unwrap_or_default();
        Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(2),
        }
    }

    /// The pane at a cell of the screen.
    #[must_use]
    pub fn at(&self, column: u16, row: u16) -> Option<Pane> {
        let holds = |(_, area): &&(Pane, Rect)| area.contains((column, row).into());
        self.panes.iter().find(holds).map(|(pane, _)| *pane)
    }
}

/// Lines that panes would like to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// The lines of the query.
    pub query: usize,
    /// The lines of the map.
    pub map: usize,
}

/// The places in a window of `size`; `None` where it is too small.
#[must_use]
pub fn places(size: (u16, u16), focus: Pane, zoom: bool, wishes: Wishes) -> Option<Places> {
    if size.0 < LEAST.0 || size.1 < LEAST.1 {
        return None;
    }
    let whole = Rect::new(0, 0, size.0, size.1);
    let [body, message, hints] = rows(
        whole,
        [
            Constraint::Min(1),
            Constraint::Length(1),
            Constraint::Length(1),
        ],
    );
    let mut places = Places {
        panes: Vec::new(),
        tabs: None,
        message,
        hints,
    };
    if zoom || size.0 < SEVERAL.0 || size.1 < SEVERAL.1 {
        let [tabs, body] = rows(body, [Constraint::Length(1), Constraint::Min(1)]);
        places.tabs = Some(tabs);
        places.panes.push((focus, body));
        return Some(places);
    }
    let most = (body.height / 3).max(3);
    let editor = (wishes.query as u16)
        .saturating_add(2)
        .clamp(4, most.max(4));
    let [query, rest] = rows(body, [Constraint::Length(editor), Constraint::Min(1)]);
    places.panes.push((Pane::Query, query));
    places.panes.extend(if size.0 < SIDE_BY_SIDE {
        stacked(rest, focus)
    } else {
        side_by_side(rest, focus, size.0 >= WITH_CATALOG, wishes.map)
    });
    Some(places)
}

/// The pane that shares its place with another: the pictures, unless the catalog has the focus.
fn pictures_or_catalog(focus: Pane) -> Pane {
    if focus == Pane::Catalog {
        focus
    } else {
        Pane::Pictures
    }
}

/// The panes below the query in a narrow window.
fn stacked(area: Rect, focus: Pane) -> Vec<(Pane, Rect)> {
    let [results, below] = rows(area, [Constraint::Percentage(55), Constraint::Min(1)]);
    let [map, other] = columns(below, [Constraint::Percentage(50), Constraint::Min(1)]);
    vec![
        (Pane::Results, results),
        (Pane::Map, map),
        (pictures_or_catalog(focus), other),
    ]
}

/// The panes below the query in a wide window; `map` is how many lines the map would like to have.
fn side_by_side(area: Rect, focus: Pane, with_catalog: bool, map: usize) -> Vec<(Pane, Rect)> {
    let mut panes = Vec::new();
    let (mut rest, mut other) = (area, pictures_or_catalog(focus));
    if with_catalog {
        let widths = [Constraint::Length(CATALOG_COLUMNS), Constraint::Min(1)];
        let [catalog, right] = columns(area, widths);
        panes.push((Pane::Catalog, catalog));
        (rest, other) = (right, Pane::Pictures);
    }
    let [results, right] = columns(rest, [Constraint::Percentage(55), Constraint::Min(1)]);
    // What the map leaves goes to the pictures.
    let map = (map as u16)
        .saturating_add(2)
        .clamp(5, (right.height / 2).max(5));
    let [map, below] = rows(right, [Constraint::Length(map), Constraint::Min(1)]);
    panes.extend([(Pane::Results, results), (Pane::Map, map), (other, below)]);
    panes
}

fn rows<const N: usize>(area: Rect, sizes: [Constraint; N]) -> [Rect; N] {
    Layout::vertical(sizes).areas(area)
}

fn columns<const N: usize>(area: Rect, sizes: [Constraint; N]) -> [Rect; N] {
    Layout::horizontal(sizes).areas(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WISHES: Wishes = Wishes { query: 1, map: 14 };

    #[test]
    fn panes_never_overlap_nor_leave_the_window_and_the_focus_is_shown() {
        for width in (30..220).step_by(7) {
            for height in 8..70 {
                for focus in Pane::ALL {
                    for zoom in [false, true] {
                        let places = places((width, height), focus, zoom, WISHES).unwrap();
                        assert!(places.of(focus).is_some(), "{focus:?} at {width}×{height}");
                        let window = Rect::new(0, 0, width, height);
                        let areas: Vec<Rect> = places.panes.iter().map(|(_, area)| *area).collect();
                        for (at, area) in areas.iter().enumerate() {
                            assert_eq!(area.intersection(window), *area);
                            assert!(areas[at + 1..].iter().all(|other| !area.intersects(*other)));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_smallest_windows_have_no_places() {
        assert_eq!(places((20, 5), Pane::Query, false, WISHES), None);
        assert!(
            places((40, 12), Pane::Query, false, WISHES)
                .unwrap()
                .tabs
                .is_some()
        );
        assert_eq!(
            places((70, 24), Pane::Query, false, WISHES)
                .unwrap()
                .panes
                .len(),
            4
        );
        assert_eq!(
            places((200, 60), Pane::Query, false, WISHES)
                .unwrap()
                .panes
                .len(),
            5
        );
    }
}
