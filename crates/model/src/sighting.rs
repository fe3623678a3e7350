//! Sightings: whether observables were seen in logs, and what the logs cover.

use crate::choice::choice;

choice! {
    /// What a search found of one observable.
    pub enum Outcome {
        Seen = 1 "seen" "Seen",
        /// There was data, and it does not hold the value.
        NotSeen = 2 "not_seen" "Not seen",
        /// There was no data in the window, so nothing can be said.
        NoCoverage = 3 "no_coverage" "No coverage",
        /// It could not be looked up.
        Failed = 4 "failed" "Failed",
        /// The search has not come to it yet.
        Pending = 5 "pending" "Not searched yet",
    }
}

choice! {
    /// Which results a list shows.
    pub enum OutcomeFilter {
        All = 1 "all" "All",
        Seen = 2 "seen" "Seen",
        /// Not seen, not covered and not looked up.
        NotSeen = 3 "not_seen" "Not seen",
        /// Seen, and not by the earlier search that is named besides.
        New = 4 "new" "New",
    }
}

choice! {
    /// How what one source holds of one observable differs from what an earlier search found there.
    pub enum Change {
        /// Seen now; the earlier search looked there and did not see it.
        NewlySeen = 1 "newly_seen" "Newly seen",
        /// Seen then; this search looked there and did not see it.
        NoLongerSeen = 2 "no_longer_seen" "No longer seen",
        MoreEvents = 3 "more_events" "More events",
        FewerEvents = 4 "fewer_events" "Fewer events",
        /// Seen now; the earlier search had no data there, or none of the time in which it was seen: whether it is new, nobody knows.
        NewlyCovered = 5 "newly_covered" "Not covered then",
        /// Seen then; this search has no data there, or none of the time in which it was seen: whether it is gone, nobody knows.
        NoLongerCovered = 6 "no_longer_covered" "Not covered now",
        /// Seen now; the earlier search did not ask that source for it, or got no answer.
        NotAskedBefore = 7 "not_asked_before" "Not asked then",
        /// Seen then; this search did not ask that source for it, or got no answer.
        NotAskedNow = 8 "not_asked_now" "Not asked now",
        /// Seen then and now, in as many events; or a source stopped counting, so that nobody can tell.
        Same = 9 "same" "The same",
    }
}

choice! {
    /// Which events the hosts, days and samples of a result speak of.
    pub enum Basis {
        /// Those that hold the value as it is written.
        Exact = 1 "exact" "The value itself",
        /// There were none; those that hold another spelling of it.
        Normalised = 2 "normalised" "Another spelling",
        /// Neither; those that name a domain below it.
        Subdomains = 3 "subdomains" "Domains below it",
    }
}

choice! {
    /// How much of a URL has to stand in an event.
    pub enum UrlMatch {
        /// All of it: a URL that goes on is another one.
        Whole = 1 "whole" "The whole URL",
        /// Host, port and path, with any scheme, query and fragment.
        Path = 2 "path" "Host and path",
        /// The host.
        Host = 3 "host" "Host",
    }
}

impl Default for UrlMatch {
    /// As the rule *Match* has it.
    fn default() -> Self {
        Self::Whole
    }
}

choice! {
    /// Where a log file stands.
    pub enum LogFileState {
        Indexing = 1 "indexing" "Being read",
        Indexed = 2 "indexed" "Searchable",
        Failed = 3 "failed" "Failed",
        Deleted = 4 "deleted" "Deleted",
    }
}

choice! {
    /// What kind of product an outside source of sightings is.
    pub enum SourceKind {
        Elasticsearch = 1 "elasticsearch" "Elasticsearch",
        OpenSearch = 2 "opensearch" "OpenSearch",
        Quickwit = 3 "quickwit" "Quickwit",
        ClickHouse = 4 "clickhouse" "ClickHouse",
        Splunk = 5 "splunk" "Splunk",
        Sentinel = 6 "sentinel" "Microsoft Sentinel",
        QRadar = 7 "qradar" "IBM QRadar",
        Loki = 8 "loki" "Grafana Loki",
        Misp = 9 "misp" "MISP",
        /// Any service that answers JSON over HTTP.
        Http = 10 "http" "HTTP service",
    }
}
