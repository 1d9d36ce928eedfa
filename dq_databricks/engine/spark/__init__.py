"""Any SparkSession with Delta: a cluster, serverless, Spark Connect or a local one."""
