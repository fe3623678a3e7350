-- One text for both engines. Words in braces are replaced by the engine's own:
--   {id}    integer primary key, given by the database     {int}  64-bit integer
--   {text}  text compared byte by byte                     {blob} bytes
-- Times are microseconds UTC, 0 for "never". Flags are 0 or 1. JSON is text and is never queried.

CREATE TABLE counter (
    name  {text} NOT NULL PRIMARY KEY,
    value {int} NOT NULL
);

-- People -----------------------------------------------------------------------------------------------------------

CREATE TABLE account (
    id            {id},
    name          {text} NOT NULL UNIQUE,
    display_name  {text} NOT NULL,
    email         {text} NOT NULL,
    role          {int} NOT NULL,
    password_hash {text} NOT NULL,
    disabled      {int} NOT NULL,
    created_at    {int} NOT NULL,
    last_login_at {int} NOT NULL,
    version       {int} NOT NULL,
    search_text   {text} NOT NULL
);

CREATE TABLE session (
    token_hash   {text} NOT NULL PRIMARY KEY,
    account_id   {int} NOT NULL REFERENCES account (id),
    created_at   {int} NOT NULL,
    last_used_at {int} NOT NULL,
    expires_at   {int} NOT NULL
);
CREATE INDEX session_account ON session (account_id);

CREATE TABLE api_token (
    id           {id},
    account_id   {int} NOT NULL REFERENCES account (id),
    label        {text} NOT NULL,
    token_hash   {text} NOT NULL UNIQUE,
    role         {int} NOT NULL,
    created_at   {int} NOT NULL,
    expires_at   {int} NOT NULL,
    last_used_at {int} NOT NULL,
    revoked_at   {int} NOT NULL
);
CREATE INDEX api_token_account ON api_token (account_id);

-- Login attempts that did not succeed, by the hash of a login name or of an address.
CREATE TABLE login_failure (
    subject    {text} NOT NULL PRIMARY KEY,
    failures   {int} NOT NULL,
    blocked_until {int} NOT NULL,
    last_at    {int} NOT NULL
);

CREATE TABLE account_group (
    id   {id},
    name {text} NOT NULL UNIQUE
);

CREATE TABLE account_group_member (
    group_id   {int} NOT NULL REFERENCES account_group (id),
    account_id {int} NOT NULL REFERENCES account (id),
    PRIMARY KEY (group_id, account_id)
);
CREATE INDEX account_group_member_account ON account_group_member (account_id, group_id);

-- Cases ------------------------------------------------------------------------------------------------------------

CREATE TABLE security_case (
    id                {id},
    number            {int} NOT NULL UNIQUE,
    name              {text} NOT NULL,
    case_type         {text} NOT NULL,
    rating            {int} NOT NULL,
    state             {int} NOT NULL,
    short_description {text} NOT NULL,
    description       {text} NOT NULL,
    assigned_to       {text} NOT NULL,
    due_at            {int} NOT NULL,
    tlp               {int} NOT NULL,
    pap               {int} NOT NULL,
    restricted        {int} NOT NULL,
    findings          {text} NOT NULL,
    recommendations   {text} NOT NULL,
    closure_summary   {text} NOT NULL,
    verdict           {text} NOT NULL,
    created_by        {text} NOT NULL,
    created_at        {int} NOT NULL,
    updated_by        {text} NOT NULL,
    updated_at        {int} NOT NULL,
    closed_at         {int} NOT NULL,
    version           {int} NOT NULL,
    -- The version at which each field was last changed, as JSON: a later version of the same field is a conflict.
    field_versions    {text} NOT NULL,
    search_text       {text} NOT NULL
);
CREATE INDEX security_case_updated ON security_case (updated_at, id);
CREATE INDEX security_case_assigned ON security_case (assigned_to, state, updated_at);
CREATE INDEX security_case_state ON security_case (state, updated_at);

CREATE TABLE case_person (
    case_id {int} NOT NULL REFERENCES security_case (id),
    part    {text} NOT NULL CHECK (part IN ('contributor', 'watcher', 'work_notes')),
    name    {text} NOT NULL,
    PRIMARY KEY (case_id, part, name)
);
CREATE INDEX case_person_name ON case_person (name, part, case_id);

-- Who may enter a restricted case: accounts, or all members of a group. Exactly one of the two is not 0.
CREATE TABLE case_access (
    case_id    {int} NOT NULL REFERENCES security_case (id),
    account_id {int} NOT NULL,
    group_id   {int} NOT NULL,
    PRIMARY KEY (case_id, account_id, group_id)
);
CREATE INDEX case_access_account ON case_access (account_id, case_id);

-- ATT&CK techniques that people associated; those that artifacts tell of are read from relationships.
CREATE TABLE case_technique (
    case_id   {int} NOT NULL REFERENCES security_case (id),
    technique {text} NOT NULL,
    added_by  {text} NOT NULL,
    added_at  {int} NOT NULL,
    PRIMARY KEY (case_id, technique)
);

CREATE TABLE case_tag (
    case_id {int} NOT NULL REFERENCES security_case (id),
    tag     {text} NOT NULL,
    PRIMARY KEY (case_id, tag)
);
CREATE INDEX case_tag_tag ON case_tag (tag, case_id);

-- Records ----------------------------------------------------------------------------------------------------------

CREATE TABLE record (
    id          {id},
    public_id   {text} NOT NULL UNIQUE,
    kind        {int} NOT NULL,
    title       {text} NOT NULL,
    -- The folded title's first 80 characters: what lists sort by.
    sort_title  {text} NOT NULL,
    category    {text} NOT NULL,
    status      {text} NOT NULL,
    severity    {int} NOT NULL,
    finding     {int} NOT NULL,
    owner       {text} NOT NULL,
    first_seen  {int} NOT NULL,
    last_seen   {int} NOT NULL,
    attributes  {text} NOT NULL,
    -- 1 when it arrived openly; 0 while it was seen in restricted cases only.
    library     {int} NOT NULL,
    created_by  {text} NOT NULL,
    created_at  {int} NOT NULL,
    updated_by  {text} NOT NULL,
    updated_at  {int} NOT NULL,
    version     {int} NOT NULL,
    field_versions {text} NOT NULL,
    -- The import source whose word each field is, as JSON; a field that is not in it was written by hand.
    field_sources  {text} NOT NULL,
    search_text {text} NOT NULL
);
CREATE INDEX record_added ON record (kind, id);
-- What lists sort by, and behind it what they are narrowed by: rows that do not fit are passed over without being read. No
-- list sorts the library when it is asked for a page.
CREATE INDEX record_title ON record (kind, sort_title, id, category, finding);
CREATE INDEX record_category ON record (kind, category, id, finding);
CREATE INDEX record_severity ON record (kind, severity, id, category, finding);
CREATE INDEX record_finding ON record (kind, finding, id, category);
CREATE INDEX record_first_seen ON record (kind, first_seen, id, category, finding);
CREATE INDEX record_last_seen ON record (kind, last_seen, id, category, finding);

CREATE TABLE record_key (
    scheme    {int} NOT NULL,
    value     {text} NOT NULL,
    record_id {int} NOT NULL REFERENCES record (id),
    kind      {int} NOT NULL,
    source    {text} NOT NULL,
    PRIMARY KEY (scheme, value, record_id, source)
);
CREATE INDEX record_key_record ON record_key (record_id);

CREATE TABLE record_source (
    record_id {int} NOT NULL REFERENCES record (id),
    source    {text} NOT NULL,
    at        {int} NOT NULL,
    PRIMARY KEY (record_id, source)
);

-- The object of a document that a record came as, whole: what Vizsla has no field for is not lost.
CREATE TABLE record_original (
    record_id   {int} NOT NULL PRIMARY KEY REFERENCES record (id),
    -- When its source made this version: an older one does not replace it.
    modified_at {int} NOT NULL,
    original    {text} NOT NULL
);

CREATE TABLE relationship (
    id         {id},
    from_id    {int} NOT NULL REFERENCES record (id),
    type       {text} NOT NULL,
    to_id      {int} NOT NULL REFERENCES record (id),
    -- The case in which it was made, or 0; it is visible to those who may see that case.
    case_id    {int} NOT NULL,
    -- The id that a document gave it, or empty: two documents may tell of the same with ids of their own.
    public_id  {text} NOT NULL,
    source     {text} NOT NULL,
    -- 0 to 100, or -1 when nobody said.
    confidence {int} NOT NULL,
    first_seen {int} NOT NULL,
    last_seen  {int} NOT NULL,
    -- When its source made this version of it.
    modified_at {int} NOT NULL,
    -- 1 when its source took it back: kept, and not shown.
    revoked    {int} NOT NULL,
    original   {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    UNIQUE (from_id, type, to_id, case_id, public_id)
);
CREATE INDEX relationship_public ON relationship (public_id);
CREATE INDEX relationship_to ON relationship (to_id, type, from_id);

-- Artifacts --------------------------------------------------------------------------------------------------------

CREATE TABLE artifact (
    id              {id},
    case_id         {int} NOT NULL REFERENCES security_case (id),
    record_id       {int} NOT NULL REFERENCES record (id),
    kind            {int} NOT NULL,
    status          {int} NOT NULL,
    reason          {text} NOT NULL,
    comment         {text} NOT NULL,
    status_by       {text} NOT NULL,
    status_at       {int} NOT NULL,
    added_by        {text} NOT NULL,
    added_at        {int} NOT NULL,
    -- The operation that last changed this row, or 0: undo restores only rows that still carry its own.
    last_operation  {int} NOT NULL,
    UNIQUE (case_id, record_id)
);
CREATE INDEX artifact_list ON artifact (case_id, kind, status, id);
CREATE INDEX artifact_all ON artifact (case_id, kind, id);
CREATE INDEX artifact_record ON artifact (record_id, case_id);

-- How many artifacts a case has, so that no page counts them: written wherever artifacts are.
CREATE TABLE artifact_count (
    case_id {int} NOT NULL REFERENCES security_case (id),
    kind    {int} NOT NULL,
    status  {int} NOT NULL,
    count   {int} NOT NULL,
    PRIMARY KEY (case_id, kind, status)
);

CREATE TABLE artifact_origin (
    id        {id},
    case_id   {int} NOT NULL,
    record_id {int} NOT NULL,
    origin    {text} NOT NULL,
    -- What it came from: a record's, document's or search's public id, with a title to show.
    ref       {text} NOT NULL,
    title     {text} NOT NULL,
    detail    {text} NOT NULL,
    added_by  {text} NOT NULL,
    added_at  {int} NOT NULL,
    operation {int} NOT NULL,
    -- The undo that hides it, or 0.
    undone_by {int} NOT NULL,
    UNIQUE (case_id, record_id, origin, ref, detail)
);

CREATE TABLE annotation (
    id           {id},
    public_id    {text} NOT NULL UNIQUE,
    record_id    {int} NOT NULL REFERENCES record (id),
    case_id      {int} NOT NULL REFERENCES security_case (id),
    text         {text} NOT NULL,
    author       {text} NOT NULL,
    created_at   {int} NOT NULL,
    updated_at   {int} NOT NULL,
    withdrawn_at {int} NOT NULL,
    version      {int} NOT NULL,
    -- The operation that wrote it.
    operation    {int} NOT NULL,
    -- The operation that wrote, withdrew or brought it back last; 0 once it was corrected, which no undo touches.
    last_operation {int} NOT NULL,
    search_text  {text} NOT NULL
);
CREATE INDEX annotation_record ON annotation (record_id, id);
CREATE INDEX annotation_operation ON annotation (operation);
CREATE INDEX annotation_last_operation ON annotation (last_operation, record_id);

CREATE TABLE note (
    id         {id},
    public_id  {text} NOT NULL UNIQUE,
    case_id    {int} NOT NULL REFERENCES security_case (id),
    kind       {text} NOT NULL,
    audience   {text} NOT NULL,
    text       {text} NOT NULL,
    author     {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL,
    version    {int} NOT NULL,
    search_text {text} NOT NULL
);
CREATE INDEX note_case ON note (case_id, id);

CREATE TABLE note_revision (
    note_id {int} NOT NULL REFERENCES note (id),
    version {int} NOT NULL,
    text    {text} NOT NULL,
    at      {int} NOT NULL,
    PRIMARY KEY (note_id, version)
);

CREATE TABLE operation (
    id         {id},
    public_id  {text} NOT NULL UNIQUE,
    case_id    {int} NOT NULL REFERENCES security_case (id),
    verb       {text} NOT NULL,
    actor      {text} NOT NULL,
    at         {int} NOT NULL,
    affected   {int} NOT NULL,
    unchanged  {int} NOT NULL,
    -- Rows that it was to change and left alone.
    skipped    {int} NOT NULL,
    state      {text} NOT NULL,
    -- The operation that undid this one, or 0.
    undone_by  {int} NOT NULL,
    -- The operation that this one undoes, or 0.
    undoes     {int} NOT NULL,
    detail     {text} NOT NULL
);
CREATE INDEX operation_case ON operation (case_id, id);

-- What a row was before the operation: enough to put it back.
CREATE TABLE operation_row (
    operation_id   {int} NOT NULL REFERENCES operation (id),
    record_id      {int} NOT NULL,
    status         {int} NOT NULL,
    reason         {text} NOT NULL,
    comment        {text} NOT NULL,
    status_by      {text} NOT NULL,
    status_at      {int} NOT NULL,
    last_operation {int} NOT NULL,
    PRIMARY KEY (operation_id, record_id)
);

-- Imports, documents, logs -----------------------------------------------------------------------------------------

CREATE TABLE import (
    id         {id},
    public_id  {text} NOT NULL UNIQUE,
    kind       {text} NOT NULL,
    -- The case it was made in, or 0 for the library.
    case_id    {int} NOT NULL,
    name       {text} NOT NULL,
    state      {text} NOT NULL CHECK (state IN ('staged', 'applying', 'applied', 'failed')),
    -- The job that applies it, or 0.
    job_id     {int} NOT NULL,
    blob       {text} NOT NULL,
    options    {text} NOT NULL,
    report     {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    applied_at {int} NOT NULL
);

CREATE INDEX import_blob ON import (blob);

CREATE TABLE document (
    id         {id},
    public_id  {text} NOT NULL UNIQUE,
    case_id    {int} NOT NULL,
    title      {text} NOT NULL,
    blob       {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL
);

CREATE INDEX document_blob ON document (blob);

CREATE TABLE log_source (
    id         {id},
    name       {text} NOT NULL UNIQUE,
    -- The format that a person chose last for its files, or empty: their content tells. Seconds to add to their times.
    format     {text} NOT NULL,
    clock_offset {int} NOT NULL,
    -- Days that its events are kept; 0 for good, -1 as is set for all sources.
    kept_days  {int} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    -- When it was deleted, or 0: logs of that name bring it back.
    deleted_at {int} NOT NULL
);

CREATE TABLE log_file (
    id         {id},
    public_id  {text} NOT NULL UNIQUE,
    source_id  {int} NOT NULL REFERENCES log_source (id),
    job_id     {int} NOT NULL,
    name       {text} NOT NULL,
    sha256     {text} NOT NULL,
    bytes      {int} NOT NULL,
    -- Those that can be searched; how many more retention took, and when last, or 0.
    events     {int} NOT NULL,
    expired    {int} NOT NULL,
    expired_at {int} NOT NULL,
    first_at   {int} NOT NULL,
    last_at    {int} NOT NULL,
    state      {text} NOT NULL CHECK (state IN ('indexing', 'indexed', 'failed', 'deleted')),
    report     {text} NOT NULL,
    error      {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL
);
CREATE INDEX log_file_source ON log_file (source_id, id);
CREATE INDEX log_file_sha ON log_file (sha256, source_id);

-- Outside sources of sightings. What is needed to sign in there lies apart, so that no list can show it.
CREATE TABLE source (
    id         {id},
    name       {text} NOT NULL UNIQUE,
    kind       {text} NOT NULL,
    settings   {text} NOT NULL,
    enabled    {int} NOT NULL,
    external   {int} NOT NULL,
    -- When it was last asked, or 0; what it said when it was tested; why it failed, if it did.
    asked_at   {int} NOT NULL,
    answer     {text} NOT NULL,
    error      {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    updated_at {int} NOT NULL
);

CREATE TABLE source_secret (
    source_id {int} NOT NULL PRIMARY KEY REFERENCES source (id),
    secret    {text} NOT NULL
);

-- Webhooks ---------------------------------------------------------------------------------------------------------

-- Who is told of what happens. Secrets lie apart, so that no list can show them.
CREATE TABLE webhook (
    id            {id},
    public_id     {text} NOT NULL UNIQUE,
    name          {text} NOT NULL UNIQUE,
    settings      {text} NOT NULL,
    -- Whether it is told of restricted cases too.
    restricted    {int} NOT NULL,
    enabled       {int} NOT NULL,
    -- Why it was paused by Vizsla itself; since when no message arrived, or 0; before when none is sent.
    paused        {text} NOT NULL,
    failing_since {int} NOT NULL,
    not_before    {int} NOT NULL,
    -- The job that sends what is due, or 0.
    job_id        {int} NOT NULL,
    created_by    {text} NOT NULL,
    created_at    {int} NOT NULL,
    updated_at    {int} NOT NULL
);

-- What messages are signed with: the newest, and the one before until its time is over (0 for never).
CREATE TABLE webhook_secret (
    id          {id},
    webhook_id  {int} NOT NULL REFERENCES webhook (id),
    secret      {text} NOT NULL,
    valid_until {int} NOT NULL
);
CREATE INDEX webhook_secret_of ON webhook_secret (webhook_id, id);

-- Messages, written with the change that they tell of.
CREATE TABLE webhook_delivery (
    id          {id},
    public_id   {text} NOT NULL UNIQUE,
    webhook_id  {int} NOT NULL REFERENCES webhook (id),
    case_id     {int} NOT NULL,
    type        {text} NOT NULL,
    body        {text} NOT NULL,
    state       {int} NOT NULL,
    attempts    {int} NOT NULL,
    -- When it is sent next; when it was last tried, and what came of it: the status, 0 for none, and why it failed.
    next_at     {int} NOT NULL,
    tried_at    {int} NOT NULL,
    status      {int} NOT NULL,
    error       {text} NOT NULL,
    created_at  {int} NOT NULL
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (state, webhook_id, next_at, id);
CREATE INDEX webhook_delivery_of ON webhook_delivery (webhook_id, id);

-- Sightings --------------------------------------------------------------------------------------------------------

CREATE TABLE sighting_search (
    id          {id},
    number      {int} NOT NULL UNIQUE,
    case_id     {int} NOT NULL REFERENCES security_case (id),
    state       {text} NOT NULL,
    window_text {text} NOT NULL,
    window_from {int} NOT NULL,
    window_to   {int} NOT NULL,
    all_data    {int} NOT NULL,
    -- How much of a URL has to stand in an event.
    urls        {text} NOT NULL,
    sources     {text} NOT NULL,
    observables {int} NOT NULL,
    -- How many of them are indicators, whose patterns are evaluated.
    patterns    {int} NOT NULL,
    job_id      {int} NOT NULL,
    coverage    {text} NOT NULL,
    hosts       {text} NOT NULL,
    accounts    {text} NOT NULL,
    error       {text} NOT NULL,
    created_by  {text} NOT NULL,
    created_at  {int} NOT NULL,
    finished_at {int} NOT NULL
);
CREATE INDEX sighting_search_case ON sighting_search (case_id, id);

-- How many observables of a search that has ended came out how: a list of searches counts none of them again.
CREATE TABLE sighting_outcome (
    search_id {int} NOT NULL REFERENCES sighting_search (id),
    outcome   {int} NOT NULL,
    count     {int} NOT NULL,
    PRIMARY KEY (search_id, outcome)
);

-- A search that has ended beside the one before it, counted once.
CREATE TABLE sighting_comparison (
    search_id  {int} NOT NULL REFERENCES sighting_search (id),
    earlier_id {int} NOT NULL REFERENCES sighting_search (id),
    -- Observables seen in a source in which the earlier search did not see them.
    new        {int} NOT NULL,
    -- How often each change is told of each source, as JSON: shown, never queried.
    changes    {text} NOT NULL,
    PRIMARY KEY (search_id, earlier_id)
);

-- Cases whose observables are looked for in logs as they come in.
CREATE TABLE sighting_watch (
    case_id    {int} PRIMARY KEY REFERENCES security_case (id),
    created_by {text} NOT NULL,
    created_at {int} NOT NULL,
    -- Up to which artifact's row the kept logs were looked through, and the job that does so, or 0.
    looked_to  {int} NOT NULL,
    look_job   {int} NOT NULL,
    -- Every how many minutes outside sources are asked, 0 for never; which (JSON, empty for all); when next.
    every      {int} NOT NULL,
    sources    {text} NOT NULL,
    -- How much of a URL has to stand in an event.
    urls       {text} NOT NULL,
    next_at    {int} NOT NULL,
    -- When they were last asked, up to when without a gap, what went wrong, and the job that asks, or 0.
    asked_at   {int} NOT NULL,
    asked_to   {int} NOT NULL,
    error      {text} NOT NULL,
    ask_job    {int} NOT NULL,
    -- What was seen last, as JSON, and when, or 0.
    news       {text} NOT NULL,
    news_at    {int} NOT NULL
);

-- What was asked for: the observables of a search, and what came out over all sources.
CREATE TABLE sighting_needle (
    search_id {int} NOT NULL REFERENCES sighting_search (id),
    record_id {int} NOT NULL REFERENCES record (id),
    outcome   {int} NOT NULL,
    hits      {int} NOT NULL,
    first_at  {int} NOT NULL,
    last_at   {int} NOT NULL,
    PRIMARY KEY (search_id, record_id)
);
CREATE INDEX sighting_needle_hits ON sighting_needle (search_id, hits, record_id);
CREATE INDEX sighting_needle_record ON sighting_needle (record_id, search_id);

CREATE TABLE sighting_result (
    id         {id},
    search_id  {int} NOT NULL REFERENCES sighting_search (id),
    record_id  {int} NOT NULL REFERENCES record (id),
    source     {text} NOT NULL,
    external   {int} NOT NULL,
    outcome    {int} NOT NULL,
    -- Events that hold the value as written; -1 in the next two for "not asked".
    count      {int} NOT NULL,
    count_is_exact {int} NOT NULL,
    count_normalised {int} NOT NULL,
    with_subdomains {int} NOT NULL,
    -- The larger of the first two counts: what lists sort by.
    hits       {int} NOT NULL,
    first_at   {int} NOT NULL,
    last_at    {int} NOT NULL,
    -- Histogram, hosts, accounts, samples, query: shown, never queried.
    detail     {text} NOT NULL,
    error      {text} NOT NULL,
    UNIQUE (search_id, record_id, source)
);
CREATE INDEX sighting_result_record ON sighting_result (record_id, search_id);
CREATE INDEX sighting_result_hits ON sighting_result (search_id, hits, id);

-- Machines (1) and accounts (2) as the logs write them, each once, with what they may be known by. A long name is kept by its hash.
CREATE TABLE logged_name (
    id       {id},
    what     {int} NOT NULL,
    name_key {text} NOT NULL,
    name     {text} NOT NULL,
    UNIQUE (what, name_key)
);

CREATE TABLE logged_name_key (
    scheme  {int} NOT NULL,
    value   {text} NOT NULL,
    name_id {int} NOT NULL REFERENCES logged_name (id),
    PRIMARY KEY (scheme, value, name_id)
);

-- Which search saw which observable with which of them.
CREATE TABLE sighting_name (
    name_id   {int} NOT NULL REFERENCES logged_name (id),
    search_id {int} NOT NULL REFERENCES sighting_search (id),
    record_id {int} NOT NULL REFERENCES record (id),
    count     {int} NOT NULL,
    PRIMARY KEY (name_id, search_id, record_id)
);
CREATE INDEX sighting_name_search ON sighting_name (search_id, record_id);

-- The machine room -------------------------------------------------------------------------------------------------

CREATE TABLE job (
    id           {id},
    public_id    {text} NOT NULL UNIQUE,
    kind         {text} NOT NULL,
    state        {text} NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    payload      {text} NOT NULL,
    case_id      {int} NOT NULL,
    done         {int} NOT NULL,
    total        {int} NOT NULL,
    result       {text} NOT NULL,
    error        {text} NOT NULL,
    attempts     {int} NOT NULL,
    cancel       {int} NOT NULL,
    heartbeat_at {int} NOT NULL,
    created_by   {text} NOT NULL,
    created_at   {int} NOT NULL,
    started_at   {int} NOT NULL,
    finished_at  {int} NOT NULL
);
CREATE INDEX job_state ON job (state, id);

-- What a large job works off, until it ends: apart from its row, which is written with every step.
CREATE TABLE job_load (
    job_id  {int} NOT NULL PRIMARY KEY REFERENCES job (id),
    payload {text} NOT NULL
);

CREATE TABLE change (
    seq     {int} NOT NULL PRIMARY KEY,
    topic   {text} NOT NULL,
    case_id {int} NOT NULL,
    actor   {text} NOT NULL,
    at      {int} NOT NULL
);

CREATE TABLE journal (
    seq     {int} NOT NULL PRIMARY KEY,
    at      {int} NOT NULL,
    actor   {text} NOT NULL,
    verb    {text} NOT NULL,
    object  {text} NOT NULL,
    details {text} NOT NULL,
    prev    {text} NOT NULL,
    hash    {text} NOT NULL
);

-- Beside the chain, and the only part of it that an erasure removes.
CREATE TABLE journal_detail (
    seq     {int} NOT NULL PRIMARY KEY REFERENCES journal (seq),
    salt    {blob} NOT NULL,
    details {text} NOT NULL
);

-- Which entries a case's activity shows.
CREATE TABLE activity (
    case_id {int} NOT NULL REFERENCES security_case (id),
    seq     {int} NOT NULL REFERENCES journal (seq),
    PRIMARY KEY (case_id, seq)
);

CREATE TABLE idempotency (
    account_id {int} NOT NULL,
    route      {text} NOT NULL,
    key        {text} NOT NULL,
    body_hash  {text} NOT NULL,
    status     {int} NOT NULL,
    response   {text} NOT NULL,
    at         {int} NOT NULL,
    PRIMARY KEY (account_id, route, key)
);

CREATE TABLE blob (
    sha256     {text} NOT NULL PRIMARY KEY,
    bytes      {int} NOT NULL,
    created_at {int} NOT NULL
);

CREATE TABLE preference (
    account_id {int} NOT NULL REFERENCES account (id),
    name       {text} NOT NULL,
    value      {text} NOT NULL,
    PRIMARY KEY (account_id, name)
);

CREATE TABLE setting (
    name  {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
);

CREATE TABLE known_good (
    value      {text} NOT NULL PRIMARY KEY,
    comment    {text} NOT NULL,
    created_by {text} NOT NULL,
    created_at {int} NOT NULL
);

-- Lists of others, in the form of MISP's warninglists. The entries are in a file.
CREATE TABLE known_good_list (
    id          {id},
    public_id   {text} NOT NULL UNIQUE,
    name        {text} NOT NULL UNIQUE,
    description {text} NOT NULL,
    version     {int} NOT NULL,
    type        {text} NOT NULL,
    -- MISP's attribute types that it is for, as JSON.
    attributes  {text} NOT NULL,
    entries     {int} NOT NULL,
    -- Entries that can't be used.
    skipped     {int} NOT NULL,
    enabled     {int} NOT NULL,
    -- 1 when it is asked for its attribute types only.
    own_types   {int} NOT NULL,
    sha256      {text} NOT NULL,
    created_by  {text} NOT NULL,
    created_at  {int} NOT NULL
);

-- Which observables are known to be good, and why. A job writes it, so that no list asks for each of its rows.
CREATE TABLE known_good_mark (
    record_id {int} NOT NULL PRIMARY KEY REFERENCES record (id),
    reason    {text} NOT NULL
);
