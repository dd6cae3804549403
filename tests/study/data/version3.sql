PRAGMA application_id = 1382965826;
PRAGMA user_version = 3;
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
    settings TEXT NOT NULL,
    command TEXT NOT NULL,
    head TEXT NOT NULL,
    crc INTEGER NOT NULL
);
INSERT INTO "study" VALUES(1,'[{"name": "x0", "type": "Real", "low": -1.0, "high": 1.0, "prior": "uniform"}, {"name": "x1", "type": "Real", "low": 0.001, "high": 1000.0, "prior": "log-uniform"}, {"name": "x2", "type": "Integer", "low": 1, "high": 9, "prior": "uniform"}, {"name": "x3", "type": "Categorical", "categories": [{"value": "a"}, {"value": "b"}, {"value": null}]}]','kernel','kernel','6ca7b3c7dedb0f8664150a57435f184feb42d26ae403a1ff2df946e5e3a1e854','3','rnnbbo 0.1.0',1.79579883067366123192e+09,'{"maximize": true}','','cec97bb9701628ad586000e74422996f',3239839424);
CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    x TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ok', 'failed')),
    value REAL CHECK ((value IS NOT NULL) = (state = 'ok')),
    constraints TEXT,
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
INSERT INTO "trial" VALUES(0,'[0.0, 1.0, 5, 0]','ok',9.0,'{"mem": -0.5, "heat": -1.0}',NULL,'{"epochs": 0}','',NULL,1,2,1,1.79579883078063940998e+09,1.7957988308178231716e+09,3317463982);
INSERT INTO "trial" VALUES(1,'[0.9686057595446471, 0.001846434945176618, 5, 2]','ok',8.06180288257693788978e+00,'{"mem": 0.4686057595446471, "heat": null}',NULL,'{"epochs": 1}','',NULL,3,4,1,1.7957988309499266148e+09,1.79579883098189115519e+09,2703252980);
INSERT INTO "trial" VALUES(2,'[-0.12820502171576464, 22.312395423151802, 3, 0]','failed',NULL,NULL,'out of memory','{}','',NULL,5,6,1,1.79579883112006473541e+09,1.79579883116190457343e+09,38003900);
INSERT INTO "trial" VALUES(3,'[-0.1179049716671497, 2.2210223802318123, 7, 0]','ok',6.98609841765616934594e+00,'{"mem": -0.6179049716671496, "heat": -1.0}',NULL,'{"epochs": 3}','',NULL,7,8,1,1.79579883126632952692e+09,1.79579883130982732777e+09,1250861666);
INSERT INTO "trial" VALUES(4,'[0.5, 1.0, 3, 2]','ok',-0.25,'{"mem": 0.25, "heat": -2.0}',NULL,'{}','',NULL,NULL,9,NULL,NULL,1.79579883134993219372e+09,2368519490);
INSERT INTO "trial" VALUES(5,'[0.051082659340349945, 0.017379891422239845, 4, 0]','waiting',NULL,NULL,NULL,'{}','',NULL,10,NULL,NULL,1.79579883156335687634e+09,NULL,2933146310);
CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born TEXT NOT NULL,
    beat REAL NOT NULL,
    crc INTEGER NOT NULL
);
INSERT INTO "worker" VALUES(1,'machine',6930,'1242556',1.79579883073187661175e+09,799077512);
CREATE INDEX trial_state ON trial (state);
COMMIT;
