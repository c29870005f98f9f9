-- A word that is another after every change of labels, however they are changed.
INSERT INTO facts (name, value) VALUES ('labels version', hex(randomblob(16)));
CREATE TRIGGER labels_given AFTER INSERT ON labels BEGIN
    UPDATE facts SET value = hex(randomblob(16)) WHERE name = 'labels version';
END;
CREATE TRIGGER labels_taken AFTER DELETE ON labels BEGIN
    UPDATE facts SET value = hex(randomblob(16)) WHERE name = 'labels version';
END;
CREATE TRIGGER labels_renamed AFTER UPDATE ON labels BEGIN
    UPDATE facts SET value = hex(randomblob(16)) WHERE name = 'labels version';
END;
