BEGIN TRANSACTION;
CREATE TABLE application_versions (
    version_id TEXT NOT NULL PRIMARY KEY,
    version_name TEXT NOT NULL UNIQUE,
    version_timestamp INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000),
    created_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000)
, "application_name" TEXT DEFAULT NULL);
INSERT INTO "application_versions" VALUES('a1627518-6d8a-4c1a-a314-a885627947c3','1',1.79526663090045214849e+12,1.79526663090045581058e+12,'regoose');
CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "dbos_migrations" VALUES(125);
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
INSERT INTO "operation_outputs" VALUES('fix-1',1,'coder 1','{"$request":{"like":null,"first":0,"then":["d4b72b9f5b12918e7eccacb0f6bccda9","db0c604aa56b3a139e20fdf82cc16ec5","db8c3b33caf93b2eb750b3079cc73610"]},"$parts":{"d4b72b9f5b12918e7eccacb0f6bccda9":{"tools":[{"name":"read"}]},"db0c604aa56b3a139e20fdf82cc16ec5":{"speaker":"system","text":"You are a careful programmer.","calls":[],"answers":""},"db8c3b33caf93b2eb750b3079cc73610":{"speaker":"user","text":"Carry out: {\"repository\": \"/r\"}","calls":[],"answers":""}},"value":{"text":"coder 1: let me look.","calls":[{"id":"call-coder 1","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}],"stop":"tool calls","usage":{"input_tokens":1200,"cached_tokens":1000,"output_tokens":80,"estimated":false},"model":"test:one","usd":0.0042}}',NULL,NULL,1795266631523,1795266631544,'regoose-json-1','regoose',1795266631548);
INSERT INTO "operation_outputs" VALUES('fix-1',2,'coder 1.1 read','{"$request":{"like":null,"first":0,"then":["c1098f232932e621ff108039350bb308"]},"$parts":{"c1098f232932e621ff108039350bb308":{"call":{"id":"call-coder 1","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}}},"value":"what coder 1.1 read gave"}',NULL,NULL,1795266631554,1795266631566,'regoose-json-1','regoose',1795266631568);
INSERT INTO "operation_outputs" VALUES('fix-1',3,'coder 2','{"$request":{"like":1,"first":3,"then":["284e82ce67a8dc35d9c75b5da64f8da8","1b51ed07893fedc20237a242db205179"]},"$parts":{"284e82ce67a8dc35d9c75b5da64f8da8":{"speaker":"assistant","text":"coder 1: let me look.","calls":[{"id":"call-coder 1","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}],"answers":""},"1b51ed07893fedc20237a242db205179":{"speaker":"tool","text":"what coder 1.1 read gave","calls":[],"answers":"call-coder 1"}},"value":{"text":"coder 2: let me look.","calls":[{"id":"call-coder 2","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}],"stop":"tool calls","usage":{"input_tokens":1200,"cached_tokens":1000,"output_tokens":80,"estimated":false},"model":"test:one","usd":0.0042}}',NULL,NULL,1795266631570,1795266631585,'regoose-json-1','regoose',1795266631592);
INSERT INTO "operation_outputs" VALUES('fix-1',4,'coder 2.1 read','{"$request":{"like":null,"first":0,"then":["938bc9879d7928fa9edce4ffe8068364"]},"$parts":{"938bc9879d7928fa9edce4ffe8068364":{"call":{"id":"call-coder 2","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}}},"value":"what coder 2.1 read gave"}',NULL,NULL,1795266631594,1795266631597,'regoose-json-1','regoose',1795266631598);
INSERT INTO "operation_outputs" VALUES('fix-2',1,'coder 1','{"$request":{"like":null,"first":0,"then":["d4b72b9f5b12918e7eccacb0f6bccda9","db0c604aa56b3a139e20fdf82cc16ec5","db8c3b33caf93b2eb750b3079cc73610"]},"$parts":{"d4b72b9f5b12918e7eccacb0f6bccda9":{"tools":[{"name":"read"}]},"db0c604aa56b3a139e20fdf82cc16ec5":{"speaker":"system","text":"You are a careful programmer.","calls":[],"answers":""},"db8c3b33caf93b2eb750b3079cc73610":{"speaker":"user","text":"Carry out: {\"repository\": \"/r\"}","calls":[],"answers":""}},"value":{"text":"coder 1: let me look.","calls":[{"id":"call-coder 1","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}],"stop":"tool calls","usage":{"input_tokens":1200,"cached_tokens":1000,"output_tokens":80,"estimated":false},"model":"test:one","usd":0.0042}}',NULL,NULL,1795266631665,1795266631667,'regoose-json-1','regoose',1795266631669);
INSERT INTO "operation_outputs" VALUES('fix-2',2,'coder 1.1 read','{"$request":{"like":null,"first":0,"then":["c1098f232932e621ff108039350bb308"]},"$parts":{"c1098f232932e621ff108039350bb308":{"call":{"id":"call-coder 1","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}}},"value":"what coder 1.1 read gave"}',NULL,NULL,1795266631670,1795266631671,'regoose-json-1','regoose',1795266631672);
INSERT INTO "operation_outputs" VALUES('fix-2',3,'coder 2','{"$request":{"like":1,"first":3,"then":["284e82ce67a8dc35d9c75b5da64f8da8","1b51ed07893fedc20237a242db205179"]},"$parts":{"284e82ce67a8dc35d9c75b5da64f8da8":{"speaker":"assistant","text":"coder 1: let me look.","calls":[{"id":"call-coder 1","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}],"answers":""},"1b51ed07893fedc20237a242db205179":{"speaker":"tool","text":"what coder 1.1 read gave","calls":[],"answers":"call-coder 1"}},"value":{"text":"coder 2: let me look.","calls":[{"id":"call-coder 2","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}],"stop":"tool calls","usage":{"input_tokens":1200,"cached_tokens":1000,"output_tokens":80,"estimated":false},"model":"test:one","usd":0.0042}}',NULL,NULL,1795266631673,1795266631674,'regoose-json-1','regoose',1795266631675);
INSERT INTO "operation_outputs" VALUES('fix-2',4,'coder 2.1 read','{"$request":{"like":null,"first":0,"then":["938bc9879d7928fa9edce4ffe8068364"]},"$parts":{"938bc9879d7928fa9edce4ffe8068364":{"call":{"id":"call-coder 2","name":"read","arguments":"{\"path\": \"src/stats.py\"}"}}},"value":"what coder 2.1 read gave"}',NULL,NULL,1795266631676,1795266631678,'regoose-json-1','regoose',1795266631679);
INSERT INTO "operation_outputs" VALUES('fix-1',5,'approval plan','{"$request":{"like":null,"first":0,"then":["df13aa5b993c8844caf68ad89ee7b639"]},"$parts":{"df13aa5b993c8844caf68ad89ee7b639":{"question":{"gate":"plan","text":"Shall it be delivered?","details":"2 files were read."}}},"value":{"granted":true,"comment":"Go on.","by":"ada"}}',NULL,NULL,1795266632156,1795266632159,'regoose-json-1','regoose',1795266632161);
INSERT INTO "operation_outputs" VALUES('fix-1',6,'deliver','"what deliver gave"',NULL,NULL,1795266632162,1795266632163,'regoose-json-1','regoose',1795266632165);
CREATE TABLE queues (
    queue_id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name TEXT NOT NULL UNIQUE,
    concurrency INTEGER,
    worker_concurrency INTEGER,
    rate_limit_max INTEGER,
    rate_limit_period_sec REAL,
    priority_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    partition_queue BOOLEAN NOT NULL DEFAULT FALSE,
    polling_interval_sec REAL NOT NULL DEFAULT 1.0,
    created_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000)
, "application_name" TEXT DEFAULT NULL, "partition_concurrency" INTEGER DEFAULT NULL, "partition_worker_concurrency" INTEGER DEFAULT NULL, "partition_rate_limit_max" INTEGER DEFAULT NULL, "partition_rate_limit_period_sec" REAL DEFAULT NULL);
CREATE TABLE regoose_notes (
    run_id TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, written_ms INTEGER NOT NULL,
    PRIMARY KEY (run_id, name)
);
INSERT INTO "regoose_notes" VALUES('fix-1','asked plan','{"gate":"plan","text":"Shall it be delivered?","details":"2 files were read."}',1795266631610);
INSERT INTO "regoose_notes" VALUES('fix-1','suspended','null',1795266631622);
INSERT INTO "regoose_notes" VALUES('fix-2','asked plan','{"gate":"plan","text":"Shall it be delivered?","details":"2 files were read."}',1795266631682);
INSERT INTO "regoose_notes" VALUES('fix-2','suspended','"run fix-2 waits for an answer: Shall it be delivered?"',1795266631685);
INSERT INTO "regoose_notes" VALUES('fix-1','answered plan','{"granted":true,"comment":"Go on.","by":"ada"}',1795266631690);
INSERT INTO "regoose_notes" VALUES('fix-1','overrides','{"budget":{"usd":2.0}}',1795266631699);
CREATE TABLE streams (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    "offset" INTEGER NOT NULL, function_id INTEGER NOT NULL DEFAULT 0, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key, "offset"),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000)
);
INSERT INTO "workflow_input" VALUES('fix-1','{"args":[{"repository":"/r"}],"kwargs":{}}',1.79526663103411767579e+12);
INSERT INTO "workflow_input" VALUES('fix-2','{"args":[{"repository":"/r"}],"kwargs":{}}',1.79526663164845849606e+12);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000)
);
INSERT INTO "workflow_output" VALUES('fix-1','{"status":"proven","talk":["You are a careful programmer.","Carry out: {\"repository\": \"/r\"}","coder 1: let me look.","what coder 1.1 read gave","coder 2: let me look.","what coder 2.1 read gave"],"delivered":"what deliver gave"}',NULL,1.79526663217255078126e+12);
CREATE TABLE workflow_schedules (
    schedule_id TEXT PRIMARY KEY,
    schedule_name TEXT NOT NULL UNIQUE,
    workflow_name TEXT NOT NULL,
    workflow_class_name TEXT,
    schedule TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    context TEXT NOT NULL
, "last_fired_at" TEXT DEFAULT NULL, "automatic_backfill" BOOLEAN NOT NULL DEFAULT FALSE, "cron_timezone" TEXT DEFAULT NULL, "queue_name" TEXT DEFAULT NULL, "application_name" TEXT DEFAULT NULL);
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
INSERT INTO "workflow_status" VALUES('fix-1','SUCCESS','fix',NULL,NULL,NULL,NULL,NULL,NULL,'regoose-6890d89235ff43dcae4284bc71506515',1.79526663103291601562e+12,1795266632167,'1','',NULL,NULL,1,'regoose-6890d89235ff43dcae4284bc71506515',NULL,NULL,NULL,1795266632122,NULL,0,NULL,NULL,NULL,NULL,'regoose-json-1',NULL,0,0,1795266632167,'null',NULL,NULL,0,'regoose','2e83eb8d-5ea7-4992-afe7-0cdfc9c2e415');
INSERT INTO "workflow_status" VALUES('fix-2','PENDING','fix',NULL,NULL,NULL,NULL,NULL,NULL,'regoose-6890d89235ff43dcae4284bc71506515',1.7952666316478825683e+12,1.79526663164788598627e+12,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'699ca412-fcc4-425f-b015-97524c9a9412',NULL,'regoose-json-1',NULL,0,0,NULL,'null',NULL,NULL,0,'regoose','699ca412-fcc4-425f-b015-97524c9a9412');
CREATE INDEX workflow_status_created_at_index ON workflow_status (created_at);
CREATE INDEX idx_workflow_topic ON notifications (destination_uuid, topic);
CREATE INDEX "idx_workflow_status_delayed" ON "workflow_status" ("delay_until_epoch_ms") WHERE status = 'DELAYED';
CREATE INDEX "idx_workflow_status_forked_from" ON "workflow_status" ("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "idx_workflow_status_parent_workflow_id" ON "workflow_status" ("parent_workflow_id") WHERE "parent_workflow_id" IS NOT NULL;
CREATE UNIQUE INDEX "uq_workflow_status_dedup_id" ON "workflow_status" ("queue_name", "deduplication_id") WHERE "deduplication_id" IS NOT NULL;
CREATE INDEX "idx_workflow_status_pending" ON "workflow_status" ("created_at") WHERE "status" = 'PENDING';
CREATE INDEX "idx_workflow_status_failed" ON "workflow_status" ("status", "created_at") WHERE "status" IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');
CREATE INDEX "idx_workflow_status_rate_limited" ON "workflow_status" ("queue_name", "started_at_epoch_ms") WHERE "rate_limited" = TRUE;
CREATE INDEX "idx_workflow_status_completed_at" ON "workflow_status" ("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "idx_workflow_status_started_at" ON "workflow_status" ("started_at_epoch_ms") WHERE "started_at_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_workflow_status_schedule_name" ON "workflow_status" ("schedule_name") WHERE "schedule_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_owner_version"
    ON application_versions ("application_name", "version_name")
    WHERE "application_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_unclaimed_version"
    ON application_versions ("version_name")
    WHERE "application_name" IS NULL;
CREATE INDEX idx_workflow_input_retention
    ON workflow_input (retention_timestamp);
CREATE INDEX idx_workflow_output_retention
    ON workflow_output (retention_timestamp);
CREATE INDEX idx_operation_outputs_retention
    ON operation_outputs (retention_timestamp);
CREATE INDEX "idx_workflow_status_in_flight_v2" ON "workflow_status" ("queue_name", "status", "priority", "created_at", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING');
CREATE INDEX "idx_workflow_status_partition_dequeue_v3" ON "workflow_status" ("queue_name", "status", "queue_partition_key", "priority", "created_at", "workflow_uuid", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING') AND "queue_partition_key" IS NOT NULL;
CREATE INDEX "idx_operation_outputs_completed_at_function_name_v2" ON "operation_outputs" ("completed_at_epoch_ms", "function_name", "application_name");
CREATE INDEX "idx_workflow_status_deadline" ON "workflow_status" ("workflow_deadline_epoch_ms") WHERE "status" IN ('ENQUEUED', 'PENDING', 'DELAYED') AND "workflow_deadline_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_application_versions_timestamp" ON "application_versions" ("version_timestamp" DESC);
CREATE INDEX "idx_application_versions_owner_timestamp" ON "application_versions" ("application_name", "version_timestamp" DESC);
COMMIT;
PRAGMA user_version = 2;
