/// The facts that deviations may name: `{ from = "…" }`.
pub const FACTS: [&str; 15] = [
    "another.attested_credential_data",
    "another.public_key",
    "fresh.1023",
    "fresh.1024",
    "fresh.16",
    "fresh.32",
    "fresh.65535",
    "other.credential_id",
    "other.user_handle",
    "own.credential_id",
    "rp.app_id",
    "rp.embedder",
    "rp.id",
    "rp.origin",
    "rp.parent",
];
