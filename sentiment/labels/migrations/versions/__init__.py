"""One file per step; `database.HEAD` names the newest."""
