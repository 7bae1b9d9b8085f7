//! `passrig trust`: what a relying party has to be told so that it trusts the
//! authenticators here.

mod folder;

use std::path::PathBuf;

use clap::Subcommand;
use passrig_authenticator::attestation::Format;
use passrig_authenticator::attestation::metadata::{Blob, Model};
use passrig_authenticator::attestation::pki::Authority;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::Json;
use passrig_authenticator::wire::base64url::Variant;

use super::console::{Console, complain};
use super::failure::Failure;

/// Tell an RP whom to trust: roots, metadata, revocation lists.
///
/// passrig's authenticators attest with certificates of test authorities. An RP
/// that demands attestation must trust these, in tests only: their private keys
/// follow from a seed that anybody may know.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: TrustVerb,
}

#[derive(Debug, Subcommand)]
enum TrustVerb {
    /// Write all of it into a folder
    ///
    /// Roots as PEM, the metadata of every product as the FIDO Metadata Service
    /// has it (one right BLOB, and some that are wrong in one point), revocation
    /// lists in DER, and a README that says how six RP libraries read them. The
    /// same seed gives the same files.
    Export {
        /// The folder. It is made; files of an earlier export are replaced, and
        /// other files stay.
        #[arg(value_name = "DIR")]
        dir: PathBuf,

        /// The seed of the authorities, for programs that give the
        /// authenticators another one (`Seeded::trusting`).
        #[arg(long, value_name = "TEXT")]
        seed: Option<String>,
    },
}

const EXAMPLES: &str = "\
Examples:
  passrig trust export trust/                 then read trust/README.md
  passrig trust export trust/ --seed mine     for Seeded::new(…).trusting(\"mine\")";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let TrustVerb::Export { dir, seed } = &args.verb;
    let files = files(seed.as_deref()).ok_or(Failure::Bug("no authority could be drawn"))?;
    folder::replace(dir, &files)?;
    complain("Never trust these roots in production: anybody can make their keys.\n");
    console.print(&format!("{}\n", dir.join("README.md").display()))?;
    Ok(0)
}

struct ExportFile {
    /// Where in the folder, with slashes.
    path: String,
    content: Vec<u8>,
}

impl ExportFile {
    fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: content.into() }
    }
}

/// Everything that the seed decides; `None` if it decides on no authorities.
fn files(seed: Option<&str>) -> Option<Vec<ExportFile>> {
    let mut env = Seeded::new("");
    if let Some(seed) = seed {
        env = env.trusting(seed);
    }
    let mut files = vec![ExportFile::new("README.md", include_str!("trust/README.md"))];
    files.extend(authorities(&mut env)?);
    files.extend(metadata(&mut env)?);
    // The last one: it says which of the others are ours.
    files.push(folder::mark(seed, &files));
    Some(files)
}

/// Roots as PEM, alone and together, and revocation lists.
fn authorities(env: &mut Seeded) -> Option<Vec<ExportFile>> {
    let mut named = vec![("common", Authority::root(env)?)];
    for format in Format::ALL.into_iter().filter(|format| format.has_own_root()) {
        named.push((format.name(), Authority::root_of(format, env)?));
    }
    let mut all = String::new();
    let mut files = Vec::new();
    for (name, root) in &named {
        let certificate = pem(&root.certificate());
        all.push_str(&certificate);
        files.push(ExportFile::new(format!("roots/{name}.pem"), certificate));
    }
    files.push(ExportFile::new("roots/all.pem", all));
    files
        .push(ExportFile::new("roots/metadata.pem", pem(&Authority::metadata(env)?.certificate())));
    named.push(("intermediate", Authority::intermediate(env)?));
    named.push(("metadata", Authority::metadata(env)?));
    let lists = named.iter().map(|(name, authority)| {
        ExportFile::new(format!("crls/{name}.crl"), authority.revocation_list())
    });
    files.extend(lists);
    Some(files)
}

/// A statement for every profile, and the BLOBs that hold them all.
fn metadata(env: &mut Seeded) -> Option<Vec<ExportFile>> {
    let mut models = Vec::<Model>::new();
    for name in Profile::names() {
        models.push(Profile::named(name)?.model(name, env)?);
    }
    let mut files = Vec::new();
    for model in &models {
        let path = format!("statements/{}.json", model.description);
        files.push(ExportFile::new(path, pretty(&model.statement())));
    }
    for blob in Blob::ALL {
        files.push(ExportFile::new(format!("blobs/{}.jwt", blob.name()), blob.sign(&models, env)?));
    }
    Some(files)
}

/// For people, too.
fn pretty(json: &Json) -> Vec<u8> {
    match json.clone().into_value() {
        Ok(value) => format!("{value:#}\n").into_bytes(),
        Err(_) => json.render(),
    }
}

/// Textual encoding of a certificate (RFC 7468).
fn pem(certificate: &[u8]) -> String {
    let text = Variant::Base64.encode(certificate);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str("-----END CERTIFICATE-----\n");
    out
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;

    use super::*;

    fn content(files: &[ExportFile], path: &str) -> Vec<u8> {
        let file = files.iter().find(|file| file.path == path);
        file.unwrap_or_else(|| panic!("no {path}")).content.clone()
    }

    #[test]
    fn the_seed_decides_on_everything() {
        let all = |seed: Option<&str>| {
            let files = files(seed).unwrap();
            files.into_iter().map(|file| (file.path, file.content)).collect::<Vec<_>>()
        };
        assert_eq!(all(Some("a")), all(Some("a")));
        let (one, other) = (all(None), all(Some("a")));
        let paths = |files: &[(String, Vec<u8>)]| -> Vec<String> {
            files.iter().map(|(path, _)| path.clone()).collect()
        };
        assert_eq!(paths(&one), paths(&other));
        let same = one.iter().zip(&other).filter(|(one, other)| one == other);
        let same: Vec<_> = same.map(|(file, _)| file.0.as_str()).collect();
        // What has no certificate in it says nothing of the authorities.
        assert!(
            same.iter().all(|path| *path == "README.md" || path.starts_with("statements/")),
            "{same:?}"
        );
    }

    #[test]
    fn roots_are_read_by_others() {
        let files = files(None).unwrap();
        let all = content(&files, "roots/all.pem");
        let read: Vec<_> = CertificateDer::pem_slice_iter(&all).collect::<Result<_, _>>().unwrap();
        let env = &mut Seeded::new("any");
        let roots: Vec<_> = Authority::roots(env).iter().map(Authority::certificate).collect();
        assert_eq!(read.iter().map(|der| der.to_vec()).collect::<Vec<_>>(), roots);
    }

    #[test]
    fn the_readme_names_every_file_that_is_not_a_product_s() {
        let readme = include_str!("trust/README.md");
        for file in files(None).unwrap() {
            let path = file.path.as_str();
            let named = path.starts_with("statements/")
                || path == "README.md"
                || path.split('/').next_back().is_some_and(|name| {
                    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
                    readme.contains(&format!("`{stem}`")) || readme.contains(&format!("`{name}`"))
                });
            assert!(named, "{path}");
        }
    }
}
