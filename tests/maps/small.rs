//! A store of forty scenes and three models, made once for the whole test run, in seconds.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use polars::prelude::{IdxCa, NamedFrom, ParquetReader, ParquetWriter, SerReader};
use vitscope::interface::answer::Answer;
use vitscope::session::Session;
use vitscope::store::{Store, fingerprint};

use crate::support::demo_model;

/// Every sixtieth scene.
pub const IMAGES: usize = 40;

/// What the feature `object` is defined as: not every object is among them.
pub const OBJECTS: [&str; 4] = ["a dog", "an elephant", "a fish", "an owl"];

/// A session on the store.
pub fn session() -> Session {
    Session::open(root()).expect("a session")
}

/// The answer to a statement.
pub fn ask(statement: &str) -> Answer {
    match session().ask(statement) {
        Ok(answer) => answer,
        Err(failure) => panic!("{statement}: {failure}"),
    }
}

/// The store.
pub fn store() -> Store {
    Store::open(root()).expect("a store")
}

/// The unit vector of a text as it stands, `template none`, once a statement has asked for it.
pub fn embedding(text: &str) -> Vec<f64> {
    let store = store();
    let clip = store.model("clip").expect("registered");
    let cache = store.texts(&clip.fingerprint).expect("a cache");
    let vector = cache.get(text, &fingerprint(b"")).expect("embedded");
    vector.iter().map(|&value| f64::from(value)).collect()
}

fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("maps-data");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("an earlier run's store goes");
        }
        fs::create_dir_all(&folder).expect("a folder");
        prepare(&folder);
        folder.join("store")
    })
}

fn prepare(folder: &Path) {
    let scenes = demo_model("clip").join("../../scenes.parquet");
    let scenes = ParquetReader::new(File::open(scenes).expect("the scenes"));
    let scenes = scenes.finish().expect("a table");
    let rows: Vec<u32> = (0..IMAGES as u32).map(|row| 60 * row).collect();
    let mut some = scenes.take(&IdxCa::new("row".into(), rows)).expect("rows");
    let table = folder.join("scenes.parquet");
    let file = File::create(&table).expect("a writable folder");
    ParquetWriter::new(file).finish(&mut some).expect("written");
    let mut session = Session::open(folder.join("store")).expect("a session");
    let mut statements = vec![format!("add images scenes from \"{}\"", table.display())];
    for model in ["clip", "swin", "dinov2"] {
        let path = demo_model(model);
        statements.push(format!("add model {model} from \"{}\"", path.display()));
        statements.push(format!("decompose scenes with {model}"));
    }
    statements.push("align swin to clip on scenes".to_owned());
    statements.push("align dinov2 to clip on scenes".to_owned());
    let texts = OBJECTS.map(|text| format!("\"{text}\"")).join(", ");
    statements.push(format!("define object as {texts}"));
    for statement in statements {
        if let Err(failure) = session.ask(&statement) {
            panic!("{statement}: {failure}");
        }
    }
}
