use super::SourceText;

fn masked(text: &str) -> String {
    let source = SourceText::new(text.to_owned());
    assert_eq!(source.masked().len(), text.len());
    source.masked().to_owned()
}

#[test]
fn values_of_secret_names_are_masked() {
    for (text, expected) in [
        ("[secrets]\n# a = 'b'", "[secrets]\n#********"),
        ("password = \"hunter2\"", "password = \"*******\""),
        ("password = 'hunter2' # old", "password = '*******' # old"),
        ("a.token=\"x\\\"y\"", "a.token=\"****\""),
        ("a.\"api key\" = \"x y\"", "a.\"api key\" = \"***\""),
        ("a = { user = \"ann\", pin = 1234 }", "a = { user = \"ann\", pin = **** }"),
        ("tokens = [\"a\", \"b\"]\nc = \"d\"", "tokens = [\"*\", \"*\"]\nc = \"d\""),
        ("secret = { deep = [{ x = \"y\" }] }", "secret = { deep = [{ x = \"*\" }] }"),
        ("[secrets]\na = \"b\"\n[x]\na = \"b\"", "[secrets]\na = \"*\"\n[x]\na = \"b\""),
        ("token = \"\"\"\na\nbc\"\"\"", "token = \"\"\"\n*\n**\"\"\""),
        ("{\"password\":\"x\",\"a\":\"b\"}", "{\"password\":\"*\",\"a\":\"b\"}"),
        ("{\"password\"\n:\n\"x\"}", "{\"password\"\n:\n\"*\"}"),
        ("[{\"tokens\": [\"x\", 7], \"a\": 7}]", "[{\"tokens\": [\"*\", *], \"a\": 7}]"),
        ("text = '{\"otp\":\"123\"}'", "text = '{\"otp\":\"***\"}'"),
        ("text = \"{\\\"otp\\\":\\\"123\\\"}\"", "text = \"{\\\"otp\\\":\\\"****\"}\""),
        ("text = \"user=a&otp=12x&b=c\"", "text = \"user=a&otp=***&b=c\""),
        ("request = \"GET /a?token=xyz\"", "request = \"GET /a?token=***\""),
        ("x = \"Bearer abcdefgh\"", "x = \"Bearer ********\""),
        ("rp = \"http://ann:pw@a.test/b\"", "rp = \"http://******@a.test/b\""),
        ("# password = \"old\"\na = 1", "# password = \"***\"\na = 1"),
        ("password = \"ü\"", "password = \"**\""),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn broken_values_are_masked_to_the_end_of_the_line() {
    for (text, expected) in [
        ("password = hunter2, x\na = 1", "password = **********\na = 1"),
        ("password = \"hunter2\na = 1", "password = \"*******\na = 1"),
        ("password = \"hun\"ter2\"\na = 1", "password = \"***\"*****\na = 1"),
        ("password = \"hun\" ter2\na = 1", "password = \"***\"*****\na = 1"),
        ("password =\n\"hunter2\"", "password =\n\"*******\""),
        ("a =\npassword = \"x\"", "a =\npassword = \"*\""),
        ("a = password = \"x\"", "a = password = \"*\""),
        ("a = \"\"\"b\npassword = \"x\"", "a = \"\"\"b\npassword = \"*\""),
        ("a = [\npassword = \"x\"", "a = [\npassword = \"*\""),
        ("a = { b = \"c\npassword = \"x\"", "a = { b = \"c\npassword = \"*\""),
        ("}}]] password = \"x\"", "}}]] password = \"*\""),
        ("password = 12 34\n", "password = *****\n"),
        ("password", "password"),
        ("a = [1\n[secrets]\nb = \"x\"", "a = [1\n[secrets]\nb = \"*\""),
        ("tokens = [ } \"x\"]\na = \"b\"", "tokens = [ } \"*\"]\na = \"b\""),
    ] {
        assert_eq!(masked(text), expected);
    }
}

#[test]
fn other_values_stay() {
    for text in [
        "username = \"ann\"",
        "password = { env = \"ANNS_PASSWORD\" }",
        "capture = { token = \"$.token\", csrf = { html = \"a\" } }",
        "[[login]]\ncapture.token = { header = \"location\" }",
        "[csrf]\ncookie = \"csrftoken\"\nheader = \"x-csrf\"",
        "[oidc]\ntoken = \"/oauth/token\"",
        "[[flow.otp]]\nrequest = \"POST /otp\"",
        "[policy]\n\"session.token\" = \"must\"",
        "json = { password = \"{{password}}\", token = \"{{a.token?}}\" }",
        "secret = true",
        "at = 07:32:00",
        "regex = '\"challenge\":\"([^\"]+)\"'",
    ] {
        assert_eq!(masked(text), text);
    }
    assert_eq!(masked("authorization = \"Bearer {{t}}\""), "authorization = \"*******{{t}}\"");
}

#[test]
fn broken_adapters_show_no_secret_wherever_they_are_cut() {
    const TEXT: &str = "[account]\npool = [{ username = \"ann\", password = \"Hunter-2\" }]\n\
                        [[login]]\nheaders = { authorization = \"Bearer Hunter-2\" }\n\
                        json = { otp = 'Hunter-2', a.token = [\"Hunter-2\"] }\n";
    for at in (0..TEXT.len()).filter(|at| !TEXT[..*at].ends_with("Hunter-2")) {
        for junk in ["", "\n", "{", "}", "[", "]", ",", "# "] {
            // Junk inside a name makes another name of it.
            let (before, after) = TEXT.split_at(at);
            let is_outside = before.ends_with(['\n', '{', '}', '[', ']', ','])
                || junk.is_empty() && after.is_empty();
            if is_outside {
                let text = masked(&format!("{before}{junk}{after}"));
                assert!(!text.contains("Hunter"), "{text}");
            }
        }
        assert!(!masked(&TEXT[..at]).contains("Hunter-2"));
    }
}

#[test]
fn messages_quote_no_secret() {
    let source = SourceText::new("token = 123456\nname = 'x'\npassword = 'a\"b'".to_owned());
    let message = |text: &str, span| source.message(text, &[span]);
    assert_eq!(
        message("integer `123456`, expected a string", 8..14),
        "integer `***`, expected a string"
    );
    assert_eq!(message("string \"a\\\"b\" here", 37..42), "string \"***\" here");
    assert_eq!(message("unknown field `name`", 15..19), "unknown field `name`");
    assert_eq!(message("expected `must`", 8..14), "expected `must`");
    assert_eq!(message("expected `must`, found `1`", 8..14), "expected `***`");
}
