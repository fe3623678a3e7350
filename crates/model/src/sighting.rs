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
