PRAGMA application_id = 1382965826;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    space TEXT NOT NULL,
    policy TEXT NOT NULL,
    source TEXT NOT NULL,
    weights TEXT NOT NULL,
    seed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at REAL NOT NULL,
    command TEXT NOT NULL,
    head TEXT NOT NULL,
    crc INTEGER NOT NULL
);
INSERT INTO "study" VALUES(1,'[{"name": "x0", "type": "Real", "low": -1.0, "high": 1.0, "prior": "uniform"}, {"name": "x1", "type": "Real", "low": 0.001, "high": 1000.0, "prior": "log-uniform"}, {"name": "x2", "type": "Integer", "low": 1, "high": 9, "prior": "uniform"}, {"name": "x3", "type": "Categorical", "categories": [{"value": "a"}, {"value": "b"}, {"value": null}]}]','lstm-direct','lstm-direct','047dec6ab5f6873ccd2cacd727683a0bbe4f0572b126a56207b8e67b9603cf2e','3','rnnbbo 0.1.0',1.79578605739010047914e+09,'{"objective": ["./simulate", "{x0}"], "call_with": "auto", "eval_timeout": null, "n_calls": 20, "folder": "/tmp"}','6fc67124367f509a528e72332b234a8c',3056836875);
CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    x TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ok', 'failed')),
    value REAL CHECK ((value IS NOT NULL) = (state = 'ok')),
    error TEXT,
    info TEXT NOT NULL,
    stderr TEXT NOT NULL,
    seconds REAL,
    asked INTEGER UNIQUE,
    told INTEGER UNIQUE CHECK ((told IS NOT NULL) = (state IN ('ok', 'failed'))),
    worker INTEGER REFERENCES worker (id),
    begun_at REAL,
    told_at REAL,
    crc INTEGER NOT NULL
);
INSERT INTO "trial" VALUES(0,'[-0.7857682704925537, 0.027267336598169236, 7, 0]','ok',1.01817890556440602265e+01,NULL,'{"epochs": 0}','',NULL,1,2,1,1.79578605740964269638e+09,1.79578605741282486913e+09,1239307882);
INSERT INTO "trial" VALUES(1,'[0.8166124820709229, 0.0021214648358590274, 5, 2]','ok',8.34022010831910165506e+00,NULL,'{"epochs": 1}','',NULL,3,4,1,1.79578605741747951507e+09,1.7957860574206557274e+09,1458044458);
INSERT INTO "trial" VALUES(2,'[0.8876874446868896, 200.6401640925107, 1, 0]','failed',NULL,'out of memory','{}','',NULL,5,6,1,1.79578605742545914653e+09,1.79578605742829346654e+09,2052739217);
INSERT INTO "trial" VALUES(3,'[0.3292044401168823, 0.29607057976950774, 9, 1]','ok',9.63698030925753812425e+00,NULL,'{"epochs": 3}','',NULL,7,8,1,1.79578605743274307251e+09,1.7957860574353847504e+09,1353356985);
INSERT INTO "trial" VALUES(4,'[0.5, 1.0, 3, 2]','ok',-0.25,NULL,'{}','',NULL,NULL,9,NULL,NULL,1.7957860574376354217e+09,3719578024);
INSERT INTO "trial" VALUES(5,'[0.5876578092575073, 0.041073447170786065, 5, 0]','waiting',NULL,NULL,'{}','',NULL,10,NULL,NULL,1.79578605744383811948e+09,NULL,3163279919);
CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born TEXT NOT NULL,
    beat REAL NOT NULL,
    crc INTEGER NOT NULL
);
INSERT INTO "worker" VALUES(1,'machine',6930,'1242556',1.79578605740065789216e+09,173932183);
CREATE INDEX trial_state ON trial (state);
COMMIT;
