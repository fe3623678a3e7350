#![allow(clippy::unwrap_used)]

use model::Kind;

use super::*;

fn table(text: &str) -> Table {
    read(text.as_bytes(), &Limits::default()).unwrap()
}

fn cells(table: &Table) -> Vec<Vec<&str>> {
    table.rows.iter().map(|row| row.cells.iter().map(|(_, value)| value.as_str()).collect()).collect()
}

#[test]
fn every_common_separator_is_told_from_the_file() {
    for separator in [",", ";", "\t", "|"] {
        let text = ["name,ip", "web01,10.0.0.1", "web02,10.0.0.2"].join("\r\n").replace(',', separator);
        let table = table(&text);
        assert_eq!(table.columns, ["name", "ip"], "{separator:?}");
        assert_eq!(cells(&table), [["web01", "10.0.0.1"], ["web02", "10.0.0.2"]]);
        assert_eq!(table.rows[1].at, "row 3");
    }
    // A list in a cell is no column: the separator that all rows agree on wins.
    let list = table("host;addresses\nweb01;10.0.0.1, 10.0.0.2, 10.0.0.3\nweb02;10.0.0.4\n");
    assert_eq!(list.columns, ["host", "addresses"]);
    let told = table("sep=|\nname|note\nweb01|a;b;c\n");
    assert_eq!((told.columns.len(), told.rows.len()), (2, 1));
    assert_eq!(table("name\nweb01\nweb02\n").rows.len(), 2);
}

#[test]
fn quotes_hold_separators_line_breaks_and_quotes() {
    let table = table("name,note\n\"web01\",\"first line\nsecond, line\"\n web02 ,\"says \"\"hello\"\"\"\n\nweb03\n");
    assert_eq!(cells(&table), [vec!["web01", "first line\nsecond, line"], vec![" web02 ", "says \"hello\""], vec!["web03"]]);
}

#[test]
fn a_quote_that_is_never_closed_takes_no_rows_with_it() {
    let found = table("name,class\nweb01,server\n\"web02,server\nweb03,server\nweb04,server\n");
    assert_eq!(cells(&found), [["web01", "server"], ["web03", "server"], ["web04", "server"]]);
    assert_eq!((found.refusals, found.refused[0].at.as_str()), (1, "row 3"));
    assert!(found.refused[0].why.contains("never closed"), "{}", found.refused[0].why);
    assert_eq!(found.rows[2].at, "row 5");
    let last = table("name,note\nweb01,\"cut off");
    assert_eq!((last.rows.len(), last.refusals), (0, 1));
    let inches = table("name,note\nweb01,5\" disk\n");
    assert_eq!((cells(&inches), inches.refusals), (vec![vec!["web01", "5\" disk"]], 0));
}

#[test]
fn formulas_are_kept_as_they_are() {
    let table = table("name,note\nweb01,\"=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\"\nweb02,@SUM(A1)\n-1+1,+49 30 1\n");
    assert_eq!(table.rows[0].get("note"), "=HYPERLINK(\"http://evil.example\",\"x\")");
    assert_eq!(table.rows[1].get("note"), "@SUM(A1)");
    assert_eq!(table.rows[2].get("name"), "-1+1");
}

#[test]
fn bad_rows_are_told_with_their_place_and_the_good_are_kept() {
    let found = table("name,ip\nweb01,10.0.0.1\nweb02,10.0.0.2,surplus\nweb03,10.0.0.3,\nweb04\n");
    assert_eq!(found.rows.len(), 3);
    assert_eq!((found.refusals, found.refused[0].at.as_str()), (1, "row 3"));
    assert!(found.refused[0].why.contains("3 cells"), "{}", found.refused[0].why);

    let lines = table("{\"name\":\"web01\"}\nnot json\n[1]\n\n{\"name\":\"web02\"}\n");
    assert_eq!(lines.rows.iter().map(|row| row.at.as_str()).collect::<Vec<_>>(), ["line 1", "line 5"]);
    assert_eq!(lines.refused.iter().map(|refused| refused.at.as_str()).collect::<Vec<_>>(), ["line 2", "line 3"]);

    let limits = Limits { row_bytes: 20, rows: 2, ..Limits::default() };
    let long = read(format!("name,ip\n{},1\nweb02,2\nweb03,3\nweb04,4\n", "x".repeat(30)).as_bytes(), &limits).unwrap();
    assert_eq!(long.rows.len(), 2);
    let places: Vec<&str> = long.refused.iter().map(|refused| refused.at.as_str()).collect();
    assert_eq!(places, ["row 2", "row 5"]);
}

#[test]
fn encodings_are_recognised() {
    let text = "name;ort\nGerät;Zürich\n";
    let utf16 = |bom: &[u8], be: bool| {
        let units = text.encode_utf16().flat_map(|unit| if be { unit.to_be_bytes() } else { unit.to_le_bytes() });
        bom.iter().copied().chain(units).collect::<Vec<u8>>()
    };
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mut marked = b"\xEF\xBB\xBF".to_vec();
    marked.extend(text.as_bytes());
    for (bytes, note) in [
        (text.as_bytes().to_vec(), ""),
        (marked, ""),
        (utf16(b"\xFF\xFE", false), "UTF-16"),
        (utf16(b"\xFE\xFF", true), "UTF-16"),
        (utf16(b"", false), "UTF-16"),
        (utf16(b"", true), "UTF-16"),
        (latin, "Windows-1252"),
    ] {
        let table = read(&bytes, &Limits::default()).unwrap();
        assert_eq!(table.columns, ["name", "ort"], "{note}");
        assert_eq!(cells(&table), [["Gerät", "Zürich"]], "{note}");
        assert!(table.notes.iter().any(|told| told.contains(note)), "{note}: {:?}", table.notes);
    }
    let mut broken = "name\nZürich\nGenève\nMálaga\n".as_bytes().to_vec();
    broken.extend(b"web\xFF01\n");
    let table = read(&broken, &Limits::default()).unwrap();
    assert_eq!(table.rows[3].get("name"), "web\u{fffd}01");
    assert!(table.notes.iter().any(|note| note.contains("not UTF-8")));
}

#[test]
fn json_comes_as_arrays_lines_and_envelopes() {
    let array = table(r#"[{"name":"web01","ips":["10.0.0.1","10.0.0.2"],"cpu":4,"live":true,"gone":null}, 7]"#);
    assert_eq!(array.rows[0].cells.len(), 4);
    assert_eq!((array.rows[0].get("ips"), array.rows[0].get("cpu")), ("10.0.0.1\n10.0.0.2", "4"));
    assert_eq!(array.refused[0].at, "item 2");
    let envelope = table(
        r#"{"records":[{"number":"INC1","cmdb_ci":{"display_value":"MKT01","link":"https://x.example/1","value":"a1"},
            "site":{"city":"Bern","geo":{"lat":1.5}},"tags":[{"name":"a"},{"name":"b"}]}]}"#,
    );
    let row = &envelope.rows[0];
    assert_eq!((row.get("cmdb_ci"), row.get("site.city"), row.get("site.geo.lat"), row.get("tags")), ("MKT01", "Bern", "1.5", "a\nb"));
    assert_eq!(table(r#"{"name":"alone"}"#).rows.len(), 1);
    assert_eq!(table("{\"a\":1}\n{\"b\":2}\n").columns, ["a", "b"]);
}

#[test]
fn what_is_no_table_says_so() {
    for bad in ["", "  \n ", "[1,", "[", "name,ip\n"] {
        assert!(matches!(read(bad.as_bytes(), &Limits::default()), Err(Unreadable::NotATable(_))), "{bad:?}");
    }
    let limits = Limits { bytes: 3, ..Limits::default() };
    assert_eq!(read(b"name", &limits), Err(Unreadable::TooLarge { limit: 3 }));
    let wide = format!("{}\n1\n", vec!["c"; 501].join(","));
    assert!(matches!(read(wide.as_bytes(), &Limits::default()), Err(Unreadable::NotATable(_))));
    let deep = format!("[{}", "[".repeat(100_000));
    assert!(read(deep.as_bytes(), &Limits::default()).is_err());
}

#[test]
fn columns_have_names_of_their_own() {
    let table = table("name,,Name ,name\na,b,c,d\n");
    assert_eq!(table.columns, ["name", "column 2", "Name", "name (2)"]);
}

#[test]
fn columns_are_recognised_by_their_names() {
    let guessed = |kind: Kind, columns: &[&str]| {
        let columns: Vec<String> = columns.iter().map(|c| (*c).to_owned()).collect();
        guess(kind, &columns).into_iter().map(|(column, field)| format!("{column}={field}")).collect::<Vec<_>>()
    };
    assert_eq!(
        guessed(
            Kind::ConfigurationItem,
            &["sys_id", "Computer Name", "FQDN", "IP Address", "OS", "Asset-Tag", "business criticality", "Shoe"]
        ),
        [
            "Computer Name=name",
            "FQDN=host_names",
            "IP Address=ip_addresses",
            "OS=operating_system",
            "business criticality=criticality",
            "sys_id=source_id"
        ]
    );
    assert_eq!(
        guessed(Kind::User, &["sAMAccountName", "displayName", "mail", "Department", "objectSid", "enabled"]),
        ["Department=department", "displayName=name", "enabled=status", "mail=email", "objectSid=sids", "sAMAccountName=user_id"]
    );
    assert_eq!(
        guessed(Kind::ConfigurationItem, &["Rechnername", "Betriebssystem", "Standort", "IP-Adresse"]),
        ["Betriebssystem=operating_system", "IP-Adresse=ip_addresses", "Rechnername=name", "Standort=location"]
    );
    assert_eq!(guessed(Kind::User, &["Nom", "Courriel", "Identifiant"]), ["Courriel=email", "Identifiant=user_id", "Nom=name"]);
    assert_eq!(
        guessed(Kind::Incident, &["number", "short_description", "priority", "cmdb_ci", "caller_id", "iocs", "opened_at"]),
        [
            "caller_id=affected_users",
            "cmdb_ci=configuration_items",
            "iocs=observables",
            "number=number",
            "opened_at=opened_at",
            "priority=severity",
            "short_description=short_description"
        ]
    );
}

#[test]
fn words_of_other_systems_are_understood() {
    let ci = |field: &str, cell: &str| word(Kind::ConfigurationItem.spec().field(field).unwrap(), cell);
    assert_eq!(ci("criticality", "1 - most critical"), Some("critical"));
    assert_eq!(ci("criticality", "HIGH"), Some("high"));
    assert_eq!(ci("criticality", "mittel"), Some("moderate"));
    assert_eq!(ci("criticality", "3"), None);
    assert_eq!(ci("status", "In use"), Some("operational"));
    assert_eq!(ci("status", "aktiv"), Some("operational"));
    assert_eq!(ci("status", "Pending"), None);
    let user = |field: &str, cell: &str| word(Kind::User.spec().field(field).unwrap(), cell);
    assert_eq!(
        (user("status", "TRUE"), user("status", "disabled"), user("status", "aktiv")),
        (Some("active"), Some("locked"), Some("active"))
    );
    let incident = |field: &str, cell: &str| word(Kind::Incident.spec().field(field).unwrap(), cell);
    assert_eq!((incident("severity", "2 - High"), incident("state", "In Progress")), (Some("high"), Some("analysis")));
}

#[test]
fn lists_in_cells_are_split_and_text_is_not() {
    let values = cell_values(Kind::ConfigurationItem, "ip_addresses", "10.0.0.1, 10.0.0.2;10.0.0.3 | 10.0.0.4\n10.0.0.5,,");
    assert_eq!(values, ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]);
    assert_eq!(cell_values(Kind::ConfigurationItem, "description", "a, b; c"), ["a, b; c"]);
    assert_eq!(cell_values(Kind::Incident, "observables", "1.2.3.4;evil.test"), ["1.2.3.4", "evil.test"]);
}

proptest::proptest! {
    #[test]
    fn nothing_makes_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let _ = read(&bytes, &Limits::default());
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[{\"a,;|\t\n:\\]}=0-9é]{0,200}") {
        if let Ok(table) = read(text.as_bytes(), &Limits::default()) {
            for kind in Kind::ALL {
                let _ = guess(*kind, &table.columns);
            }
        }
    }
}
