//! Prepares what the console serves as files: a hash of the content for each name, so that a
//! browser may keep it for ever, and a Brotli copy, so that nothing is compressed at run time.

use sha2::{Digest, Sha256};
use std::{env, error::Error, fs, io::Write, path::Path};

/// Name in `assets/`, media type.
const ASSETS: [(&str, &str); 6] = [
    ("icon.svg", "image/svg+xml"),
    ("style.css", "text/css; charset=utf-8"),
    ("console.js", "text/javascript; charset=utf-8"),
    ("chart.js", "text/javascript; charset=utf-8"),
    ("htmx.js", "text/javascript; charset=utf-8"),
    ("uplot.js", "text/javascript; charset=utf-8"),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=assets");
    println!("cargo:rerun-if-changed=build.rs");
    let out = env::var("OUT_DIR")?;
    let mut table = String::from("&[\n");
    for (name, kind) in ASSETS {
        let plain = fs::read(Path::new("assets").join(name))?;
        let mut packed = Vec::new();
        brotli::CompressorWriter::new(&mut packed, 4096, 11, 22).write_all(&plain)?;
        let plain_file = Path::new(&out).join(name);
        let packed_file = Path::new(&out).join(format!("{name}.br"));
        fs::write(&plain_file, &plain)?;
        fs::write(&packed_file, packed)?;
        let hash: String =
            Sha256::digest(&plain).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        table.push_str(&format!(
            "Asset {{ name: {name:?}, hash: {hash:?}, kind: {kind:?}, \
             plain: include_bytes!({plain_file:?}), packed: include_bytes!({packed_file:?}) }},\n"
        ));
    }
    table.push(']');
    fs::write(Path::new(&out).join("assets.rs"), table)?;
    Ok(())
}
