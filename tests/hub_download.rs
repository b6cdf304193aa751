//! A hub's model that is not here is downloaded into the cache that all of Hugging Face's tools share: only what is read,
//! resumed where it broke off, checked, and explained where it can't be had. The hub is a small server in this process.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::error::CheckpointError;
use vitscope::vision::hub::obtain;
use vitscope::work::cancel::Cancel;
use vitscope::work::progress::{Progress, Silent};

use crate::support::{fixtures, shell};

const ID: &str = "someone/clip";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const WEIGHTS: &str = "model.safetensors";

/// What the server does apart from serving.
#[derive(Clone, Default)]
struct Manners {
    /// Closes each connection after so many bytes of the weights.
    cut: Option<usize>,
    /// Answers the listing with a status and the hub's own word for it.
    refuses: Option<(u16, &'static str)>,
    /// Sends files from the beginning, whatever is asked.
    ignores_ranges: bool,
    /// What it says the weights' ETag is.
    etag: Option<&'static str>,
    /// Answers everything with a page for people.
    is_no_hub: bool,
}

/// A request as it came.
#[derive(Clone, Debug)]
struct Request {
    line: String,
    headers: HashMap<String, String>,
}

/// A hub with one model.
struct Hub {
    endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
    manners: Arc<Mutex<Manners>>,
    cache: tempfile::TempDir,
}

impl Hub {
    /// A hub that has `files`.
    fn with(files: BTreeMap<String, Vec<u8>>, manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let manners = Arc::new(Mutex::new(manners));
        let (log, how, own) = (requests.clone(), manners.clone(), endpoint.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let manners = how.lock().expect("no panic").clone();
                if let Some(request) = read(&stream) {
                    log.lock().expect("no panic").push(request.clone());
                    // a client that has what it wants closes first
                    let _ = answer(stream, &request, &files, &manners, &own);
                }
            }
        });
        Self {
            endpoint,
            requests,
            manners,
            cache: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A hub with the CLIP of the fixtures and files that nobody here reads.
    fn new(manners: Manners) -> Self {
        let mut files = BTreeMap::new();
        for name in ["config.json", WEIGHTS, "preprocessor_config.json"] {
            let bytes = fs::read(fixtures().join("clip").join(name)).expect("a fixture");
            files.insert(name.to_owned(), bytes);
        }
        for name in [
            "README.md",
            "pytorch_model.bin",
            "flax_model.msgpack",
            "onnx/model.safetensors",
        ] {
            files.insert(name.to_owned(), b"not needed".to_vec());
        }
        Self::with(files, manners)
    }

    fn behave(&self, manners: Manners) {
        *self.manners.lock().expect("no panic") = manners;
    }

    fn variables(&self) -> HashMap<&'static str, OsString> {
        HashMap::from([
            ("HF_ENDPOINT", OsString::from(&self.endpoint)),
            ("HF_HUB_CACHE", self.cache.path().as_os_str().to_owned()),
        ])
    }

    fn obtain(&self) -> Result<PathBuf, CheckpointError> {
        self.obtain_with(&self.variables(), &Silent, &Cancel::default())
    }

    fn obtain_with(
        &self,
        variables: &HashMap<&'static str, OsString>,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<PathBuf, CheckpointError> {
        obtain(ID, &|name| variables.get(name).cloned(), progress, cancel)
    }

    fn refusal(&self) -> String {
        self.obtain().expect_err("a refusal").to_string()
    }

    fn take_requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().expect("no panic"))
    }

    fn model(&self) -> PathBuf {
        self.cache.path().join("models--someone--clip")
    }

    fn incomplete(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.model().join("blobs")).expect("blobs");
        entries
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|end| end == "incomplete"))
            .collect()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let line = lines.next()?.ok()?;
    let mut headers = HashMap::new();
    for header in lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
    {
        let (name, value) = header.split_once(':')?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    Some(Request { line, headers })
}

fn sha256(bytes: &[u8]) -> String {
    let sum = Sha256::digest(bytes);
    sum.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hub's answers: a listing, headers of files with a redirect to where the large ones are, their bytes.
fn answer(
    mut stream: TcpStream,
    request: &Request,
    files: &BTreeMap<String, Vec<u8>>,
    manners: &Manners,
    endpoint: &str,
) -> std::io::Result<()> {
    let mut words = request.line.split(' ');
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let mut send = |status: &str, headers: String, body: &[u8]| {
        let length = body.len();
        let length = if headers.contains("Content-Length") {
            String::new()
        } else {
            format!("Content-Length: {length}\r\n")
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\n{headers}{length}Connection: close\r\n\r\n"
        )?;
        stream.write_all(if method == "HEAD" { &[] } else { body })
    };
    if manners.is_no_hub {
        return send("200 OK", String::new(), b"<html>Welcome</html>");
    }
    if path == format!("/api/models/{ID}/revision/main") {
        if let Some((status, code)) = manners.refuses {
            return send(
                &format!("{status} No"),
                format!("X-Error-Code: {code}\r\n"),
                b"{}",
            );
        }
        let siblings: Vec<_> = files
            .keys()
            .map(|name| serde_json::json!({ "rfilename": name }))
            .collect();
        let listing = serde_json::json!({ "id": ID, "sha": COMMIT, "siblings": siblings });
        return send("200 OK", String::new(), listing.to_string().as_bytes());
    }
    let stored = path.strip_prefix("/stored/");
    let named = stored.or_else(|| path.strip_prefix(&format!("/{ID}/resolve/{COMMIT}/")));
    let Some((name, bytes)) = named.and_then(|name| Some((name, files.get(name)?))) else {
        return send(
            "404 Not Found",
            "X-Error-Code: RepoNotFound\r\n".to_owned(),
            b"",
        );
    };
    let is_large = name.ends_with(".safetensors");
    if stored.is_none() && is_large {
        let etag = manners.etag.map_or_else(|| sha256(bytes), str::to_owned);
        let size = bytes.len();
        let headers = format!(
            "X-Repo-Commit: {COMMIT}\r\nX-Linked-Etag: \"{etag}\"\r\nX-Linked-Size: {size}\r\nLocation: {endpoint}/stored/{name}\r\n"
        );
        return send("302 Found", headers, b"");
    }
    let etag = format!("ETag: W/\"{}\"\r\n", &sha256(name.as_bytes())[..40]);
    let from = request
        .headers
        .get("range")
        .filter(|_| !manners.ignores_ranges);
    let from: usize = from.map_or(0, |range| {
        let digits = range.trim_start_matches("bytes=").trim_end_matches('-');
        digits.parse().expect("a range from a byte on")
    });
    let (whole, rest) = (bytes.len(), &bytes[from..]);
    let sent = manners
        .cut
        .filter(|_| is_large)
        .map_or(rest.len(), |cut| cut.min(rest.len()));
    let headers = format!("{etag}Content-Length: {}\r\n", rest.len());
    if from == 0 {
        return send("200 OK", headers, &rest[..sent]);
    }
    let headers = format!(
        "{headers}Content-Range: bytes {from}-{}/{whole}\r\n",
        whole - 1
    );
    send("206 Partial Content", headers, &rest[..sent])
}

/// Remembers what it was told.
#[derive(Default)]
struct Told {
    started: Mutex<Vec<String>>,
    /// Cancelled when a download is under way.
    stops: Option<Cancel>,
}

impl Progress for Told {
    fn start(&self, what: &str, _: u64) {
        self.started.lock().expect("no panic").push(what.to_owned());
    }
    fn advance(&self, _: u64) {
        if let Some(cancel) = &self.stops {
            cancel.request();
        }
    }
    fn finish(&self) {}
    fn note(&self, _: &str) {}
}

fn assert_is_the_clip(folder: &Path) {
    for name in ["config.json", WEIGHTS, "preprocessor_config.json"] {
        let own = fs::read(folder.join(name)).expect("a fetched file");
        assert_eq!(
            own,
            fs::read(fixtures().join("clip").join(name)).expect("a fixture"),
            "{name}"
        );
    }
    Checkpoint::open(folder)
        .expect("a checkpoint")
        .model()
        .expect("a model");
}

#[test]
fn what_is_read_is_fetched_once_into_the_shared_layout() {
    let hub = Hub::new(Manners::default());
    let told = Told::default();
    let folder = hub
        .obtain_with(&hub.variables(), &told, &Cancel::default())
        .expect("a download");
    assert_eq!(folder, hub.model().join("snapshots").join(COMMIT));
    assert_is_the_clip(&folder);
    assert_eq!(
        fs::read_to_string(hub.model().join("refs/main")).expect("a reference"),
        COMMIT
    );
    let blob = hub
        .model()
        .join("blobs")
        .join(sha256(&fs::read(folder.join(WEIGHTS)).expect("weights")));
    assert!(blob.is_file(), "weights are stored by their SHA-256");
    assert!(hub.incomplete().is_empty());
    #[cfg(unix)]
    assert_eq!(
        fs::read_link(folder.join(WEIGHTS)).expect("a link"),
        Path::new("../../blobs").join(blob.file_name().expect("a name")),
    );
    let asked: Vec<String> = hub
        .take_requests()
        .into_iter()
        .map(|request| request.line)
        .collect();
    for needless in ["README", ".bin", "msgpack", "onnx"] {
        assert!(
            !asked.iter().any(|line| line.contains(needless)),
            "{needless} in {asked:?}"
        );
    }
    assert!(
        told.started
            .lock()
            .expect("no panic")
            .iter()
            .any(|what| what.contains("downloading someone/clip"))
    );
    // the second time nothing is asked, not even whether the hub is there
    assert_eq!(hub.obtain().expect("a cached model"), folder);
    assert!(hub.take_requests().is_empty());
}

#[test]
fn a_snapshot_that_another_tool_left_unfinished_is_completed() {
    let hub = Hub::new(Manners::default());
    let snapshot = hub.model().join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).expect("a folder");
    fs::copy(
        fixtures().join("clip/config.json"),
        snapshot.join("config.json"),
    )
    .expect("a copy");
    assert_is_the_clip(&hub.obtain().expect("a download"));
}

#[test]
fn a_cut_connection_goes_on_where_it_broke_off() {
    let size = fs::metadata(fixtures().join("clip").join(WEIGHTS))
        .expect("weights")
        .len() as usize;
    let cut = size / 3 + 1;
    let hub = Hub::new(Manners {
        cut: Some(cut),
        ..Manners::default()
    });
    assert_is_the_clip(&hub.obtain().expect("a download in three pieces"));
    let ranges: Vec<String> = hub
        .take_requests()
        .into_iter()
        .filter(|request| request.line.contains("/stored/"))
        .filter_map(|request| request.headers.get("range").cloned())
        .collect();
    assert_eq!(
        ranges,
        [format!("bytes={cut}-"), format!("bytes={}-", 2 * cut)]
    );
}

#[test]
fn a_server_that_knows_no_ranges_sends_again_from_the_beginning() {
    let hub = Hub::new(Manners::default());
    let cancel = Cancel::default();
    let told = Told {
        stops: Some(cancel.clone()),
        ..Told::default()
    };
    hub.obtain_with(&hub.variables(), &told, &cancel)
        .expect_err("cancelled");
    let partial = hub.incomplete().pop().expect("what has arrived");
    fs::write(&partial, b"wrong bytes, as many as may be").expect("a file");
    hub.behave(Manners {
        ignores_ranges: true,
        ..Manners::default()
    });
    assert_is_the_clip(&hub.obtain().expect("a download"));
}

#[test]
fn what_breaks_off_for_good_or_is_cancelled_is_kept_for_the_next_time() {
    let hub = Hub::new(Manners {
        cut: Some(0),
        ..Manners::default()
    });
    let error = hub.refusal();
    assert!(
        error.contains("model.safetensors broke off after 0 of"),
        "{error}"
    );
    assert!(
        error.contains("the same statement goes on from there"),
        "{error}"
    );

    let hub = Hub::new(Manners {
        cut: Some(1000),
        ..Manners::default()
    });
    let cancel = Cancel::default();
    let told = Told {
        stops: Some(cancel.clone()),
        ..Told::default()
    };
    let error = hub
        .obtain_with(&hub.variables(), &told, &cancel)
        .expect_err("cancelled");
    assert_eq!(error.to_string(), "cancelled");
    let partial = hub.incomplete().pop().expect("what has arrived");
    let bytes = fs::read(fixtures().join("clip").join(WEIGHTS)).expect("weights");
    fs::write(&partial, &bytes[..1234]).expect("a file");
    hub.behave(Manners::default());
    hub.take_requests();
    assert_is_the_clip(&hub.obtain().expect("a download"));
    let resumed = hub.take_requests().iter().any(|request| {
        request
            .headers
            .get("range")
            .is_some_and(|range| range == "bytes=1234-")
    });
    assert!(resumed);
}

#[test]
fn weights_that_are_not_those_announced_are_thrown_away() {
    let wrong = "00000000000000000000000000000000000000000000000000000000000000ff";
    let hub = Hub::new(Manners {
        etag: Some(wrong),
        ..Manners::default()
    });
    let error = hub.refusal();
    assert!(
        error.contains("its SHA-256 is not the one announced"),
        "{error}"
    );
    assert!(hub.incomplete().is_empty());
    assert!(!hub.model().join("blobs").join(wrong).exists());
}

#[test]
fn names_from_outside_never_leave_the_cache() {
    let hub = Hub::new(Manners {
        etag: Some("../../../evil"),
        ..Manners::default()
    });
    assert!(hub.refusal().contains("check HF_ENDPOINT"));
    let index = br#"{"weight_map": {"a": "../evil.safetensors"}}"#.to_vec();
    let files = [
        ("config.json", b"{}".to_vec()),
        ("model.safetensors.index.json", index),
    ];
    let files = files.map(|(name, bytes)| (name.to_owned(), bytes));
    let hub = Hub::with(BTreeMap::from(files), Manners::default());
    let error = hub.refusal();
    assert!(error.contains("which is no file beside it"), "{error}");
}

#[test]
fn weights_in_parts_come_with_all_of_them() {
    let index =
        br#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}"#.to_vec();
    let files = [
        ("config.json", b"{}".to_vec()),
        ("model.safetensors.index.json", index),
        ("model-1.safetensors", b"one".to_vec()),
        ("model-2.safetensors", b"two".to_vec()),
    ];
    let files = files.map(|(name, bytes)| (name.to_owned(), bytes));
    let hub = Hub::with(BTreeMap::from(files), Manners::default());
    let folder = hub.obtain().expect("a download");
    assert_eq!(
        fs::read(folder.join("model-2.safetensors")).expect("a part"),
        b"two"
    );
    hub.take_requests();
    fs::remove_file(folder.join("model-1.safetensors")).expect("a link to remove");
    assert_eq!(hub.obtain().expect("a download"), folder);
    assert!(folder.join("model-1.safetensors").is_file());
    let again = hub
        .take_requests()
        .iter()
        .any(|request| request.line.contains("GET") && request.line.contains("-1.s"));
    assert!(!again, "its bytes were here");
}

#[test]
fn the_token_goes_to_the_hub_and_to_nobody_else() {
    let hub = Hub::new(Manners::default());
    let mut variables = hub.variables();
    let file = hub.cache.path().join("token");
    fs::write(&file, "hf_from_file\n").expect("a file");
    variables.insert("HF_TOKEN_PATH", file.into());
    hub.obtain_with(&variables, &Silent, &Cancel::default())
        .expect("a download");
    for request in hub.take_requests() {
        let sent = request.headers.get("authorization").map(String::as_str);
        let wanted = (!request.line.contains("/stored/")).then_some("Bearer hf_from_file");
        assert_eq!(sent, wanted, "{}", request.line);
    }
    let hub = Hub::new(Manners::default());
    variables.extend(hub.variables());
    variables.insert("HF_TOKEN", "hf_first".into());
    hub.obtain_with(&variables, &Silent, &Cancel::default())
        .expect("a download");
    assert_eq!(
        hub.take_requests()[0].headers["authorization"],
        "Bearer hf_first"
    );
}

#[test]
fn refusals_say_what_to_do() {
    let refused = |status, code| Manners {
        refuses: Some((status, code)),
        ..Manners::default()
    };
    for (manners, parts) in [
        (
            refused(401, "GatedRepo"),
            ["someone/clip is gated", "set HF_TOKEN"],
        ),
        (
            refused(403, "GatedRepo"),
            [
                "someone/clip is gated",
                "accept its terms at http://127.0.0.1",
            ],
        ),
        (
            refused(401, "RepoNotFound"),
            ["no model called someone/clip", "or set HF_TOKEN"],
        ),
        (
            refused(404, "RepoNotFound"),
            ["no model called someone/clip", "check the name"],
        ),
        (refused(503, ""), ["answered 503", "try again later"]),
        (
            Manners {
                is_no_hub: true,
                ..Manners::default()
            },
            ["it is not JSON", "check HF_ENDPOINT"],
        ),
    ] {
        let error = Hub::new(manners).refusal();
        for part in parts {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
    let readme = [("README.md".to_owned(), Vec::new())];
    let error = Hub::with(BTreeMap::from(readme), Manners::default()).refusal();
    assert!(
        error.contains("holds no checkpoint that vitscope reads"),
        "{error}"
    );
}

#[test]
fn without_a_network_the_error_names_the_files_and_the_folder() {
    let hub = Hub::new(Manners::default());
    let mut variables = hub.variables();
    variables.insert("HF_HUB_OFFLINE", "1".into());
    let error = hub
        .obtain_with(&variables, &Silent, &Cancel::default())
        .expect_err("offline")
        .to_string();
    assert!(error.contains("HF_HUB_OFFLINE is set"), "{error}");
    assert!(hub.take_requests().is_empty());

    // a port that was free a moment ago
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    variables.insert("HF_ENDPOINT", format!("http://{closed}").into());
    variables.remove("HF_HUB_OFFLINE");
    let error = hub
        .obtain_with(&variables, &Silent, &Cancel::default())
        .expect_err("no network")
        .to_string();
    for part in [
        "neither a folder nor in the Hugging Face cache",
        &format!("http://{closed} can't be reached"),
        "put config.json",
        "into ./someone/clip",
    ] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[test]
fn add_model_downloads() {
    let hub = Hub::new(Manners::default());
    let store = tempfile::tempdir().expect("a temporary folder");
    let mut run = shell::vitscope();
    run.envs(hub.variables()).arg("--store").arg(store.path());
    let ran = run.args(["-c", "add model clip from \"someone/clip\"; show models"]);
    let ran = shell::Ran::from(ran.output().expect("the binary was built for this test")).ok();
    assert!(ran.out.contains("clip"), "{}", ran.out);
}
