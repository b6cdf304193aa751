//! What vitscope promises, one file per promise.
//!
//! What people expect of a query prompt and a command line, and the test that holds vitscope to it (`unit` tests are in
//! the library, beside the code):
//!
//! | # | feature | proven by |
//! |---|---|---|
//! | 1 | history: kept, without repetitions, private, in the state folder | `terminal::what_was_typed_is_found_again_by_its_beginning_and_by_search`; unit `repl::history` |
//! | 2 | Ctrl-R, and Up by beginning | `terminal::what_was_typed_is_found_again_by_its_beginning_and_by_search` |
//! | 3 | completion at every place | `language::completion`; `terminal::tab_completes_what_can_only_be_one_thing_and_lists_what_could_be_several` |
//! | 4 | one candidate is inserted, several are listed | `terminal::tab_completes_what_can_only_be_one_thing_and_lists_what_could_be_several` |
//! | 5 | a paste is neither completed nor run early | `terminal::pasted_text_is_neither_completed_nor_run_before_enter` |
//! | 6 | grey hints | unit `repl::editor::an_empty_line_offers_help_and_hints_stand_only_at_the_end` |
//! | 7 | highlighting of half-typed text | `language::random_text`; unit `lang::highlight`, `repl::commands::assist` |
//! | 8 | queries of several lines | `terminal::a_query_of_several_lines_is_typed_with_enter_and_alt_enter`; unit `lang::script::enter_runs_what_is_finished` |
//! | 9 | dot commands, aliases, did you mean | unit `repl::commands`, `repl::session::commands_change_the_look_and_unknown_ones_point_to_help` |
//! | 10 | dot commands are completed and coloured, files too | unit `repl::commands::assist`, `files::paths` |
//! | 11 | output formats | `demo::machine_formats_parse_and_do_not_depend_on_the_terminal`; `headless::parquet_and_arrow_on_stdout_are_files_of_the_answer` |
//! | 12 | answers into files | `terminal::answers_go_to_files_and_back_and_a_session_becomes_a_script`; `demo::answers_are_filtered_sorted_cut_and_saved_in_every_format` |
//! | 13 | scripts: places in errors, relative paths, comments, depth | `headless::scripts_run_scripts_beside_them_from_anywhere`, `headless::a_script_that_runs_itself_is_stopped` |
//! | 14 | `-c`, repeated and in order; `-i` after it | unit `cli::input`; `terminal::queries_of_the_command_line_may_be_followed_by_the_prompt` |
//! | 15 | queries from a pipe | `demo::queries_come_from_flags_files_and_pipes_and_end_with_their_exit_codes`; `terminal::a_closed_stdin_is_an_empty_script` |
//! | 16 | a failure stops a script unless told otherwise | unit `repl::script::a_failure_stops_unless_told_to_continue_and_decides_the_exit_code` |
//! | 17 | exit codes | `cli::help_is_data_and_documents_every_exit_code`; `demo::queries_come_from_flags_files_and_pipes_and_end_with_their_exit_codes` |
//! | 18 | a closed pipe is success | `headless::a_reader_that_leaves_early_is_no_failure`; unit `interface::failure` |
//! | 19 | colour: flag, NO_COLOR, pipes, ASCII | `terminal::without_colours_a_terminal_gets_none`; `cli::a_query_where_a_file_is_expected_is_answered_with_the_flag_for_it`; unit `output::color` |
//! | 20 | a pager for what is taller than the screen | `terminal::long_answers_go_through_the_pager_and_short_ones_do_not` |
//! | 21 | rows left out are counted | unit `output::table::rows_left_out_are_counted`, `output::console::data_goes_to_one_stream_and_narration_to_the_other` |
//! | 22 | rows, time, and whether from the cache | `terminal::the_timer_says_what_came_from_the_cache_and_can_be_stopped` |
//! | 23 | a progress bar for slow work, and it goes | `terminal::ctrl_c_stops_a_query_brings_the_prompt_back_and_leaves_the_cache_whole` |
//! | 24 | Ctrl-C stops the query, not the session | the same; `terminal::ctrl_c_on_the_prompt_clears_the_line_and_twice_says_how_to_leave` |
//! | 25 | errors with caret, sentence, help | unit `output::report`; `first_minutes` |
//! | 26 | did you mean | `language::typos`; unit `lang::suggest` |
//! | 27 | errors are JSON where answers are | `cli::errors_are_json_where_answers_are`; `first_minutes::json_errors_carry_the_place_for_programs` |
//! | 28 | `show`, `describe` | `demo::what_there_is_can_be_shown_described_and_explained` |
//! | 29 | `explain` | the same; `sql::the_plan_says_what_is_read` |
//! | 30 | `_` is the last answer | `sql::answers_sets_and_units_are_tables_and_the_answer_is_piped_on`; `demo::names_variables_features_and_scripts_carry_over_from_statement_to_statement` |
//! | 31 | variables, from the command line too | `headless::variables_come_from_the_command_line_and_a_missing_one_is_pointed_at` |
//! | 32 | configuration file | `config` |
//! | 33 | a script at the start of the prompt | `terminal::the_prompt_begins_as_configured` |
//! | 34 | a session becomes a script | `terminal::answers_go_to_files_and_back_and_a_session_becomes_a_script` |
//! | 35 | named queries | `.save FILE` and `.read FILE`: unit `repl::session::what_went_well_is_saved_as_a_script`; there is no second store of queries beside files |
//! | 36 | the query in `$EDITOR` | `terminal::a_line_is_edited_in_the_users_editor_and_run` |
//! | 37 | keys of vi | `terminal::the_prompt_begins_as_configured` |
//! | 38 | a short banner, none when quiet or in a pipe | `terminal::the_prompt_begins_as_configured`, `terminal::queries_of_the_command_line_may_be_followed_by_the_prompt`, `terminal::a_closed_stdin_is_an_empty_script` |
//! | 39 | the prompt shows the store and a failure | unit `repl::the_prompt_shows_the_store_and_the_last_failure_at_the_same_width` |
//! | 40 | dark and light terminals | pictures stand on the background that the terminal tells: unit `picture::replies`; tables and prompt use the sixteen colours that a terminal's own theme makes readable |
//! | 41 | completions for shells, manual page | `headless::shells_get_completions_and_man_a_page`; `registry` |
//! | 42 | the installation describes itself | `headless::the_doctor_tells_what_a_report_needs` |
//! | 43 | nothing is written | `headless::a_store_that_is_read_only_stays_as_it_is` |
//! | 44 | copying over SSH | `terminal::what_is_copied_goes_to_the_terminal_that_may_be_far_away`; at the prompt answers are text that the terminal copies |
//!
//! Terminals that are silent, dumb or tiny, and their modes after every way out: `terminal`. Any bytes at all:
//! `language::random_text`, and `tests/fuzz` for longer runs.

mod checkpoints;
mod cli;
mod config;
mod contributions;
mod decoding;
mod demo;
mod demo_truth;
mod devices;
mod first_minutes;
mod forward_bf16;
mod headless;
mod hostile;
mod hub;
mod hub_download;
mod image_sets;
mod language;
mod last_layers;
mod maps;
mod neurons;
mod open_clip;
mod paper_names;
mod parity;
mod pictures;
mod place;
mod preprocess;
mod prompt;
mod questions;
mod readme;
mod recovery;
mod registry;
mod scripts;
mod second_order;
mod sql;
mod stages;
mod store;
mod support;
mod suspicions;
mod terminal;
mod text;
mod torch_files;
mod tui;
