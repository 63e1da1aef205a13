"""To and from the formats of other tools: data sets written for them, and labelled pictures of theirs read.

marks      what of a frame's labels other formats can hold: a class and a box, and what else is known
folders    a folder that is there whole or not at all, with one part to train on and one to validate on
coco       COCO: JSON, with masks where the frame can be drawn again
yolo       YOLO: one text file a picture
voc        Pascal VOC: one XML file a picture; read only
hugging    Parquet as Hugging Face's `datasets` reads it; written only
annotated  labelled pictures of any of them, read
importing  from those to a data set of our own

TFRecord is TensorFlow's, and so is written in `perception.tfrecords`.
"""
