//! What keys do.

/// What a key, a palette entry or a click does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Runs the query if it is complete, else begins a line.
    Submit,
    /// Runs the query as it is.
    Run,
    /// Begins a line in the query.
    NewLine,
    /// Opens completions, or goes to the next.
    Complete,
    /// One up: in a list, a table, the map; in the query a line, then the history.
    Up,
    /// One down.
    Down,
    /// One to the left.
    Left,
    /// One to the right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first one.
    First,
    /// The last one.
    Last,
    /// What Enter does here: insert, expand, ask.
    Accept,
    /// Stops the running query, closes what lies on top, leaves the editor.
    Back,
    /// Stops the running query, or empties the query.
    Interrupt,
    /// Ends the program.
    Quit,
    /// Ends the program if the query is empty.
    QuitIfEmpty,
    /// Moves the focus to the next pane.
    NextPane,
    /// Moves the focus to the previous pane.
    PreviousPane,
    /// Focuses the query.
    FocusQuery,
    /// Focuses the results.
    FocusResults,
    /// Focuses the map.
    FocusMap,
    /// Focuses the pictures.
    FocusPictures,
    /// Focuses the catalog.
    FocusCatalog,
    /// One pane on the whole screen, and back.
    Zoom,
    /// Shows the keys.
    Help,
    /// Shows what was said so far.
    Messages,
    /// Opens the command palette.
    OpenPalette,
    /// Opens the palette to save the session as a script.
    SaveSession,
    /// The next theme.
    NextTheme,
    /// Sorts by the column; again: the other way; again: not at all.
    Sort,
    /// Keeps the first column in place, or not.
    Freeze,
    /// The answer before this one.
    EarlierAnswer,
    /// The answer after this one.
    LaterAnswer,
    /// Opens the filter.
    OpenFilter,
    /// Drops filter and order.
    ShowAll,
    /// Copies the cell, the unit or the caption.
    Copy,
    /// Copies the row, tab-separated.
    CopyRow,
    /// Marks the unit, or takes the mark off.
    Mark,
    /// Takes every mark off.
    Unmark,
    /// Images for the concept by this unit alone.
    AskImages,
    /// What is known of the unit.
    AskDescribe,
    /// The features of the unit.
    AskFeatures,
    /// What the model loses without the marked units.
    AskAblate,
    /// Images for the concept by all but the marked units.
    AskWithout,
    /// Images for the concept by the marked units.
    AskUsing,
    /// Whether moving and marking ask the last question again.
    Follow,
    /// The next map of an answer with several.
    NextMap,
}
