//! `explain` against what is then read: without the files that a plan names there is no answer, and without any other there is.

use std::fs;
use std::path::{Path, PathBuf};

use vitscope::contributions::Contributions;
use vitscope::desk::statement::{Form, Outcome, Statement};
use vitscope::desk::stored::rows::Rows;
use vitscope::desk::{Desk, DeskError, Planner};
use vitscope::interface::answer::Answer;
use vitscope::lang::ast::Clause;
use vitscope::lang::help::Topic;
use vitscope::lang::query::Target;
use vitscope::lang::resolve::{Names, Resolved};
use vitscope::statements::Registry;

use super::world::World;

/// Statements of every kind that needs no forward pass.
const STATEMENTS: [&str; 26] = [
    "rank components for color in vit",
    "rank heads for color in vit by spearman",
    "rank layers for color in vit",
    "rank heads for color in vit where color = \"red\"",
    "rank heads for color in vit with stability",
    "features of head 1.0 in vit",
    "features of layer 1 in vit",
    "spans of head 1.0 in vit",
    "spans of layer 1 in vit",
    "compare heads for color, texture in vit",
    "retrieve 3 images for \"blue color\" in vit using head 1.0",
    "retrieve 3 images for \"blue color\" in vit using top 2 heads for color",
    "retrieve 3 images like set[7] in vit",
    "retrieve 3 images like set[7] in vit using heads 1.*",
    "retrieve 3 images like set[7] by color in vit",
    "classify set by color in vit",
    "classify set by color in vit without top 2 heads for color",
    "ablate head 1.0 in vit measuring similarity",
    "ablate head 1.0 in vit measuring color with zero",
    "ablate top 2 heads for color in vit measuring accuracy with resample",
    "evaluate ranking of heads in vit",
    "evaluate retrieval in vit",
    "evaluate ablation of heads in vit",
    "contributions of heads 1.* in vit aligned",
    "contributions of head 1.0 in vit",
    "representation of vit",
];

fn entry(world: &World) -> PathBuf {
    world.place.store.root().join("decompositions/vit@set")
}

/// Overwrites the files of a folder that `which` picks, and gives what they held.
fn spoil(folder: &Path, which: impl Fn(&str) -> bool) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).expect("a folder");
    let paths = files.map(|file| file.expect("a file").path());
    let name = |path: &PathBuf| {
        path.file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    };
    let chosen = paths.filter(|path| which(&name(path)));
    let spoilt = chosen.map(|path| {
        let held = fs::read(&path).expect("readable");
        fs::write(&path, b"spoilt").expect("writable");
        (path, held)
    });
    spoilt.collect()
}

fn aligned() -> World {
    let world = World::new();
    let fitted = world.session().ask("align vit to clip on set");
    fitted.expect("aligned");
    world
}

#[test]
fn an_answer_reads_what_its_plan_names_and_nothing_else() {
    let world = aligned();
    let plan = |statement: &str| {
        let explained = world.session().ask(&format!("explain {statement}"));
        explained.expect(statement).notes.remove(0)
    };
    for statement in STATEMENTS {
        for gathered in [true, false] {
            if gathered {
                let asked = world.session().ask("rank heads for color in vit");
                asked.expect("moments");
            } else {
                let done = world.place.store.decomposition("vit", "set");
                done.and_then(|done| done.remove_blob("moments-clip"))
                    .expect("removed");
            }
            let plan = plan(statement);
            for (part, named) in [
                ("part-", plan.contains("read: ")),
                (
                    "align-clip.safetensors",
                    plan.contains("alignment of vit to clip (stored)"),
                ),
            ] {
                let held = spoil(&entry(&world), |name| name.starts_with(part));
                let answer = world.session().ask(statement);
                assert_eq!(
                    answer.is_err(),
                    named,
                    "{part}, moments gathered: {gathered}, {statement}: {plan}\n{:?}",
                    answer.err().map(|error| error.to_string())
                );
                for (path, bytes) in held {
                    fs::write(path, bytes).expect("writable");
                }
            }
        }
    }
}

#[test]
fn only_the_columns_of_the_parts_that_a_question_is_about_are_read() {
    let world = aligned();
    // A column with a wrong byte is refused as soon as it is read.
    let spoil_column = |part: &str, component: usize| {
        let path = entry(&world).join(part);
        let mut bytes = fs::read(&path).expect("a part");
        let rows = &world.vit.rows[component];
        let first = if part.contains("00000") { 0 } else { 16 };
        let value = rows[first * super::world::WIDTH].to_le_bytes();
        let place = bytes.windows(4).position(|window| window == value);
        bytes[place.expect("the first row of the component")] ^= 1;
        fs::write(&path, bytes).expect("writable");
    };
    let asks = |statement: &str| world.session().ask(statement);
    let retrieve = "retrieve 3 images for \"blue color\" in vit";
    // Component 3 is mlp 0.
    spoil_column("part-00000.arrow", 3);
    asks(&format!("{retrieve} using heads")).expect("no MLP is read");
    asks(&format!("{retrieve} using mlp 1")).expect("the other MLP");
    asks(&format!("{retrieve} using mlp 0")).expect_err("the spoilt column");
    asks(&format!("{retrieve} using mlp 0 where id >= 16")).expect("the part is not touched");
    asks(&format!("{retrieve} using mlp 0 where id >= 15")).expect_err("an image of the part");
    asks("retrieve 3 images like set[20] in vit").expect("representations alone");
    asks("rank layers for color in vit where id >= 16 and split = \"eval\"").expect("other parts");
}

/// A statement that plans to read the rows of one component, and says what it can read of others.
#[derive(Debug)]
struct Nosy;

impl Statement for Nosy {
    const RULE: &'static str = "show";
    const HELP: &'static Topic = &Topic {
        name: "show",
        summary: "",
        form: "",
        text: "",
        examples: &[],
        about_images: false,
    };
    type Tickets = Rows;

    fn read(_: &Clause, _: &mut Names<'_>) -> Resolved<Self> {
        Ok(Self)
    }

    fn plan(&self, planner: &mut Planner<'_>) -> Result<Rows, DeskError> {
        let [model, set] = ["vit", "set"].map(str::to_owned);
        let images = planner.set(&set)?.len();
        let stored = planner.decomposed(&Target { model, set })?;
        Ok(planner.rows_of(&stored, &[1], "1 component", vec![true; images]))
    }

    fn run(&self, rows: Rows, _: &mut Desk<'_>) -> Result<Outcome, DeskError> {
        let open = rows.open()?;
        let readable = |read: bool| if read { "read" } else { "refused" };
        Ok(Answer::of_note(format!(
            "its own {}, others {}, representations {}",
            readable(open.slab(0, 1).is_ok()),
            readable(open.slab(0, 0).is_ok()),
            readable(open.z(0).is_ok()),
        ))
        .into())
    }
}

#[test]
fn what_a_plan_does_not_name_can_not_be_read() {
    const NOSY: Registry = Registry(&[Form::of::<Nosy>()]);
    let world = World::new();
    let mut session = world.session().speaking(NOSY);
    let plan = session.ask("explain show models").expect("a plan").notes;
    assert!(
        plan[0].starts_with("read: rows of 1 component, "),
        "{plan:?}"
    );
    let answer = session.ask("show models").expect("an answer");
    assert_eq!(
        answer.notes,
        ["its own read, others refused, representations refused"]
    );
}
