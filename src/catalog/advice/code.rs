//! Codes of the pieces of advice: [`Code`].

use crate::diagnostic::codes;

codes! {
    /// The codes of the pieces of advice about restoring, uploading or creating a backup.
    pub(crate) enum Code {
        /// The backup has not ended yet. Only complete backups can be restored.
        NotFinished = "A001" "not-finished" Error, "wait until it has ended";
        /// The backup did not succeed, was cancelled, or is being deleted. Only complete backups can be restored.
        NotSuccessful = "A002" "not-successful" Error, "choose another backup, or create a new one";
        /// The platform reports a state that is not known here.
        StateUnknown = "A003" "state-unknown" Warning, "look it up in the portal";
        /// The platform reports that the backup cannot be restored.
        NotRestorable = "A004" "not-restorable" Error, "choose a backup that is marked as restorable";
        /// The target is another app. The ids of entities differ between apps.
        OtherApp = "A005" "other-app" Error, "restore into an environment of the app from which the backup is";
        /// The target is another environment of the same app, which is allowed.
        OtherEnvironment = "A006" "other-environment" Info, "make sure that the data is allowed there";
        /// The backup was created with another version of the model than the deployed one.
        ModelVersion = "A007" "model-version" Warning,
            "deploy the model with which the backup was created, then restore";
        /// The backup contains only documents, and cannot be restored or uploaded.
        FilesAlone = "A008" "files-alone" Error, "create a full snapshot: the documents and the database together";
        /// The backup contains only the database, and the platform does not accept such uploads.
        DatabaseOnlyRefused = "A009" "database-only-refused" Error,
            "create a full snapshot: the database with its documents, or with none";
        /// Only the database is restored, and the documents stay as they are.
        FilesUntouched = "A010" "files-untouched" Warning,
            "restore the whole snapshot, or expect rows without a document";
        /// A free app does not accept backups that were created or stored elsewhere.
        FreeApp = "A011" "free-app" Error, "use a licensed app, or restore a backup that the free app created itself";
        /// No app has been deployed.
        NeverDeployed = "A012" "never-deployed" Error, "deploy the app first";
        /// The app is running.
        AppRunning = "A013" "app-running" Error, "stop the app first";
        /// The upload clears the environment and stops the app.
        DestructiveUpload = "A014" "destructive-upload" Warning,
            "create a backup of the environment first, and plan the downtime";
        /// The backup is from another namespace.
        OtherNamespace = "A015" "other-namespace" Warning,
            "if it is refused, download the backup and upload it to the target";
        /// The backup is from another cluster.
        OtherCluster = "A016" "other-cluster" Error, "download the backup and upload it to the target";
        /// The restore continues in the background if it takes longer than the portal waits.
        ContinuesInBackground = "A017" "continues-in-background" Info,
            "check the state of the backup before starting the app";
        /// A failed restore leaves the database half restored.
        HalfRestored = "A018" "half-restored" Info,
            "create a backup of the target first, and restore again after a failure";
        /// The target database is too small.
        DatabaseTooSmall = "A019" "database-too-small" Error,
            "enlarge the database first: without space it is left half restored";
        /// The restore needs a database of this size. The size of the target database is unknown.
        DatabaseNeeds = "A020" "database-needs" Info,
            "compare it with the target database; indexes need additional space";
        /// The number of documents makes all backup operations slow.
        SlowOperations = "A021" "slow-operations" Warning, "plan for hours rather than minutes";
        /// The state of the environment does not allow creating a backup.
        EnvironmentBusy = "A022" "environment-busy" Error, "wait until the environment has settled, or repair it";
        /// Only active environments can be backed up and restored.
        InactiveEnvironment = "A023" "inactive-environment" Error, "activate the environment first";
        /// A restore uses the code that is deployed now, not that of the backup.
        DeployedVersion = "A024" "deployed-version" Warning,
            "deploy the code that belongs to the data (backups include code since)";
        /// The backup was made live, while the app was running, so its parts can be from different moments.
        LiveBackup = "A025" "live-backup" Warning, "prefer a backup that is not live, or check the data afterwards";
        /// Creating a backup that is not live pauses the site for 15 to 30 seconds.
        SitePauses = "A026" "site-pauses" Info, "choose a quiet hour, or create a live backup";
        /// A restore creates a new app with a new id.
        NewApp = "A027" "new-app" Info, "choose another name if the old app still exists";
        /// Backups of this kind are for moving and cloning an app, not for backing up an installation.
        NotForRoutine = "A028" "not-for-routine" Info,
            "for that, back up the database and the asset store of the installation";
        /// There are as many backups as the platform keeps.
        BackupsFull = "A029" "backups-full" Error, "download and delete an old one first";
    }
}
